#!/bin/bash
# Makes the PDFs of this folder with real producers. They are committed, so that tests need none of them.
#
#   apt-get install libreoffice-writer-nogui fonts-liberation ghostscript texlive-latex-base poppler-utils qpdf chromium
#   bash generate.sh
#
# npm, python3 and network access to their registries are needed too (pdf-lib, reportlab, pypdf, fpdf2, pyHanko's peer for the
# files that are already signed). The text is ours and fictitious.
set -euo pipefail
cd "$(dirname "$0")"
out=$PWD
shared=${CONFIANCE_SHARED:-$(cd ../../../../.. && pwd)/shared}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat > page.html <<'H'
<!DOCTYPE html><html lang="fr"><head><meta charset="utf-8"><title>Arrêté d'essai</title></head><body><h1>Arrêté d'essai n° 12</h1>
<p>Le maire arrête : la circulation est interdite rue des Tilleuls le 4 novembre 2026.</p><h2>Article 2</h2><p>Le présent arrêté sera affiché.</p></body></html>
H
soffice --headless "-env:UserInstallation=file://$work/profile" --convert-to odt:writer8 --infilter="HTML (StarWriter)" page.html >/dev/null 2>&1
soffice --headless "-env:UserInstallation=file://$work/profile" --convert-to pdf:writer_pdf_Export page.odt >/dev/null 2>&1
mv page.pdf libreoffice.pdf
soffice --headless "-env:UserInstallation=file://$work/profile" --convert-to 'pdf:writer_pdf_Export:{"SelectPdfVersion":{"type":"long","value":"2"}}' page.odt >/dev/null 2>&1
mv page.pdf libreoffice-pdfa2b.pdf
gs -q -dBATCH -dNOPAUSE -sDEVICE=pdfwrite -dCompatibilityLevel=1.4 -sOutputFile=ghostscript.pdf libreoffice.pdf
pdftocairo -pdf libreoffice.pdf cairo.pdf
chromium --headless --no-sandbox --disable-gpu --no-pdf-header-footer --print-to-pdf=chromium.pdf "file://$work/page.html" >/dev/null 2>&1

cat > page.tex <<'T'
\documentclass{article}\title{Arr\^et\'e d'essai}\author{}\date{}\begin{document}\maketitle Le maire arr\^ete.\newpage Article 2.\end{document}
T
pdflatex -interaction=batchmode page.tex >/dev/null; mv page.pdf pdftex-objstm.pdf
pdflatex -interaction=batchmode '\pdfminorversion=4 \input{page.tex}' >/dev/null; mv page.pdf pdftex-table.pdf 2>/dev/null || mv *.pdf pdftex-table.pdf

qpdf --object-streams=generate libreoffice.pdf qpdf-objstm.pdf
qpdf --linearize libreoffice.pdf qpdf-linearized.pdf
qpdf --linearize --object-streams=generate pdftex-table.pdf qpdf-linearized-objstm.pdf
qpdf --qdf --object-streams=disable chromium.pdf qpdf-qdf.pdf
qpdf --encrypt '' owner 256 -- pdftex-table.pdf encrypted-aes256.pdf

echo '{"type":"module"}' > package.json
npm install --no-audit --no-fund --silent pdf-lib@1.17.1
node --input-type=module -e "import { PDFDocument } from 'pdf-lib'; import fs from 'fs'; const pdf = await PDFDocument.create();
  pdf.setTitle('Essai'); pdf.addPage().drawText('Bonjour'); pdf.addPage(); fs.writeFileSync('pdf-lib.pdf', await pdf.save())"

python3 -m venv v
v/bin/pip install -q reportlab==4.4.4 pypdf==6.1.1 fpdf2==2.8.4
v/bin/python - <<'P'
from reportlab.pdfgen import canvas
c = canvas.Canvas('reportlab-form.pdf'); c.drawString(72, 720, 'Formulaire'); c.acroForm.textfield(name='nom', x=72, y=650); c.showPage(); c.save()
import fpdf
f = fpdf.FPDF(); f.add_page(); f.set_font('helvetica', size=12); f.cell(text='Bonjour'); f.output('fpdf2.pdf')
import pypdf
w = pypdf.PdfWriter('fpdf2.pdf', incremental=True); w.add_metadata({'/Subject': 'Mise a jour'}); w.write('pypdf-incremental.pdf')
P

openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -subj '/C=FR/O=Essai/CN=Signataire d essai' -days 3650 \
  -addext keyUsage=critical,nonRepudiation -addext basicConstraints=critical,CA:FALSE 2>/dev/null
openssl pkcs12 -export -inkey key.pem -in cert.pem -out signer.p12 -password pass:essai
"$shared/peers/pyhanko/pyhanko-peer" sign -p12 signer.p12 -password essai -in pdftex-table.pdf -out signed-pyhanko-table.pdf >/dev/null
"$shared/peers/pyhanko/pyhanko-peer" sign -p12 signer.p12 -password essai -in qpdf-objstm.pdf -out signed-pyhanko-objstm.pdf >/dev/null
"$shared/peers/dss/dss" sign -format pades -level B -p12 signer.p12 -password essai -in ghostscript.pdf -out signed-dss.pdf >/dev/null

for f in *.pdf; do cp "$f" "$out/$f"; done
