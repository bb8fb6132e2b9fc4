#!/bin/sh
# Makes the messages of this folder with OpenSSL 3, as seeds and vectors that need no OpenSSL to be used.
# Keys are made for the occasion and thrown away. Run from this folder; values differ at each run, shapes do not.
set -eu
keys=$(mktemp -d)
trap 'rm -rf "$keys"' EXIT

identity() { # name, openssl genpkey options
	name=$1
	shift
	openssl genpkey "$@" -out "$keys/$name.key" 2>/dev/null
	openssl req -new -x509 -key "$keys/$name.key" -subj "/C=FR/O=Mairie de Boisjoli/CN=$name" -days 36500 -sha256 \
		-addext keyUsage=critical,digitalSignature,nonRepudiation -addext subjectKeyIdentifier=hash -out "$keys/$name.pem"
}
identity p256 -algorithm EC -pkeyopt ec_paramgen_curve:P-256
identity p384 -algorithm EC -pkeyopt ec_paramgen_curve:P-384
identity rsa -algorithm RSA -pkeyopt rsa_keygen_bits:2048

printf 'Le conseil municipal de Boisjoli a deliberE.\r\n' >content.txt
yes 'Le conseil municipal de Boisjoli a delibere. ' | head -c 10000 >long.txt

sign() { # output, input, options
	out=$1
	in=$2
	shift 2
	openssl cms -sign -binary -outform DER -in "$in" -out "$out" "$@"
}
signer() { echo "-signer $keys/$1.pem -inkey $keys/$1.key"; }

sign attached.p7m content.txt -nodetach $(signer p256)
sign detached.p7s content.txt $(signer p256)
sign stream.p7m content.txt -nodetach -stream $(signer p256)
sign stream-long.p7m long.txt -nodetach -stream -nosmimecap $(signer p256)
sign keyid.p7m content.txt -nodetach -keyid -nosmimecap $(signer p256)
sign noattr.p7m content.txt -nodetach -noattr $(signer p256)
sign nocerts.p7s content.txt -nocerts $(signer p256)
sign tst.p7m content.txt -nodetach -econtent_type 1.2.840.113549.1.9.16.1.4 $(signer p256)
sign pss.p7m content.txt -nodetach -md sha384 $(signer rsa) -keyopt rsa_padding_mode:pss
sign cades.p7m content.txt -nodetach -cades $(signer p256)
sign three.p7m content.txt -nodetach -stream $(signer p256) $(signer p384) $(signer rsa)
openssl crl2pkcs7 -nocrl -certfile "$keys/p256.pem" -certfile "$keys/p384.pem" -outform DER -out certificates.p7b
openssl cms -encrypt -outform DER -aes256 -in content.txt -out enveloped.p7m "$keys/rsa.pem"
cat "$keys"/*.pem >certificates.pem
