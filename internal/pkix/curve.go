package pkix

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"errors"

	"github.com/cadre-confiance/confiance/internal/der"
)

// A curve is a named elliptic curve. Most can only be named: Go computes the four of NIST over prime fields.
type curve struct {
	name  string
	bits  int // of the order of the base point, which is what rules on key sizes measure
	field int // octets of a coordinate
	std   elliptic.Curve
}

// curves: SEC 2, RFC 5639 §3, RFC 5480 §2.1.1.1, and the curve of the ANSSI (JO n° 241 of 16 October 2011).
var curves = map[der.OID]curve{
	der.MustOID("1.2.840.10045.3.1.7"): {"P-256", 256, 32, elliptic.P256()},
	der.MustOID("1.3.132.0.34"):        {"P-384", 384, 48, elliptic.P384()},
	der.MustOID("1.3.132.0.35"):        {"P-521", 521, 66, elliptic.P521()},
	der.MustOID("1.3.132.0.33"):        {"P-224", 224, 28, elliptic.P224()},
	der.MustOID("1.2.840.10045.3.1.1"): {"P-192", 192, 24, nil},

	der.MustOID("1.2.250.1.223.101.256.1"): {"FRP256v1", 256, 32, nil},

	der.MustOID("1.3.36.3.3.2.8.1.1.1"):  {"brainpoolP160r1", 160, 20, nil},
	der.MustOID("1.3.36.3.3.2.8.1.1.2"):  {"brainpoolP160t1", 160, 20, nil},
	der.MustOID("1.3.36.3.3.2.8.1.1.3"):  {"brainpoolP192r1", 192, 24, nil},
	der.MustOID("1.3.36.3.3.2.8.1.1.4"):  {"brainpoolP192t1", 192, 24, nil},
	der.MustOID("1.3.36.3.3.2.8.1.1.5"):  {"brainpoolP224r1", 224, 28, nil},
	der.MustOID("1.3.36.3.3.2.8.1.1.6"):  {"brainpoolP224t1", 224, 28, nil},
	der.MustOID("1.3.36.3.3.2.8.1.1.7"):  {"brainpoolP256r1", 256, 32, nil},
	der.MustOID("1.3.36.3.3.2.8.1.1.8"):  {"brainpoolP256t1", 256, 32, nil},
	der.MustOID("1.3.36.3.3.2.8.1.1.9"):  {"brainpoolP320r1", 320, 40, nil},
	der.MustOID("1.3.36.3.3.2.8.1.1.10"): {"brainpoolP320t1", 320, 40, nil},
	der.MustOID("1.3.36.3.3.2.8.1.1.11"): {"brainpoolP384r1", 384, 48, nil},
	der.MustOID("1.3.36.3.3.2.8.1.1.12"): {"brainpoolP384t1", 384, 48, nil},
	der.MustOID("1.3.36.3.3.2.8.1.1.13"): {"brainpoolP512r1", 512, 64, nil},
	der.MustOID("1.3.36.3.3.2.8.1.1.14"): {"brainpoolP512t1", 512, 64, nil},

	der.MustOID("1.3.132.0.8"):  {"secp160r1", 161, 20, nil},
	der.MustOID("1.3.132.0.9"):  {"secp160k1", 161, 20, nil},
	der.MustOID("1.3.132.0.30"): {"secp160r2", 161, 20, nil},
	der.MustOID("1.3.132.0.31"): {"secp192k1", 192, 24, nil},
	der.MustOID("1.3.132.0.32"): {"secp224k1", 225, 28, nil},
	der.MustOID("1.3.132.0.10"): {"secp256k1", 256, 32, nil},

	der.MustOID("1.3.132.0.1"):  {"K-163", 163, 21, nil},
	der.MustOID("1.3.132.0.15"): {"B-163", 163, 21, nil},
	der.MustOID("1.3.132.0.26"): {"K-233", 232, 30, nil},
	der.MustOID("1.3.132.0.27"): {"B-233", 233, 30, nil},
	der.MustOID("1.3.132.0.16"): {"K-283", 281, 36, nil},
	der.MustOID("1.3.132.0.17"): {"B-283", 282, 36, nil},
	der.MustOID("1.3.132.0.36"): {"K-409", 407, 52, nil},
	der.MustOID("1.3.132.0.37"): {"B-409", 409, 52, nil},
	der.MustOID("1.3.132.0.38"): {"K-571", 570, 72, nil},
	der.MustOID("1.3.132.0.39"): {"B-571", 570, 72, nil},
}

var errPoint = errors.New("no point of the curve")

// parsePoint reads an encoded point (SEC 1 §2.3.4), compressed or not, and checks that it is on the curve.
func (c curve) parsePoint(point []byte) (*ecdsa.PublicKey, error) {
	if len(point) == 1+c.field && (point[0] == 2 || point[0] == 3) {
		x, y := elliptic.UnmarshalCompressed(c.std, point)
		if x == nil {
			return nil, errPoint
		}
		uncompressed := make([]byte, 1+2*c.field)
		uncompressed[0] = 4
		x.FillBytes(uncompressed[1 : 1+c.field])
		y.FillBytes(uncompressed[1+c.field:])
		point = uncompressed
	}
	return ecdsa.ParseUncompressedPublicKey(c.std, point)
}
