#!/bin/sh
# Makes deliberation.pdf from deliberation.html, with LibreOffice Writer and the Liberation fonts
# (apt: libreoffice-writer-nogui fonts-liberation). The commune and the act are fictitious.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
soffice --headless "-env:UserInstallation=file://$work/profile" --convert-to odt:writer8 --infilter="HTML (StarWriter)" --outdir "$work" deliberation.html >/dev/null
soffice --headless "-env:UserInstallation=file://$work/profile" --convert-to pdf:writer_pdf_Export --outdir "$work" "$work/deliberation.odt" >/dev/null
mv "$work/deliberation.pdf" deliberation.pdf
