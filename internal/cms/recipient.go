package cms

import (
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/rsa"
	"fmt"
	"slices"

	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/internal/pkix"
)

// A RecipientID names a recipient's key in a RecipientInfo (RFC 5652 §6.2.1, §6.2.2). A key has two names.
type RecipientID = SignerID

// key is a form of a name that compares.
func (id SignerID) key() string {
	if id.SubjectKeyID != nil {
		return "k" + string(id.SubjectKeyID)
	}
	return "i" + string(id.RawIssuer) + "\x00" + string(id.RawSerial) // a Name is DER: its length is inside
}

// A Recipient is a public key to encrypt to, and how to name it.
//
// With a Certificate alone, it is the certificate's key, named by issuer and serial number. With SubjectKeyID, the key is
// named by that; PublicKey is then the key, or nil for the certificate's.
type Recipient struct {
	Certificate  *pkix.Certificate
	SubjectKeyID []byte
	PublicKey    *pkix.PublicKeyInfo
}

// rsaMinBits is the shortest RSA key encrypted to: RGS B1 and EN 319 312 ask for 2,048 at least.
const rsaMinBits = 2048

// resolve returns the name and the key, *rsa.PublicKey or *ecdh.PublicKey.
func (r Recipient) resolve() (id RecipientID, key crypto.PublicKey, err error) {
	info := r.PublicKey
	if r.Certificate != nil && info == nil {
		info = &r.Certificate.PublicKey
	}
	switch {
	case info == nil:
		return id, nil, fmt.Errorf("%w: neither a certificate nor a public key", ErrRecipient)
	case len(r.SubjectKeyID) > 0:
		id.SubjectKeyID = r.SubjectKeyID
	case r.PublicKey != nil:
		return id, nil, fmt.Errorf("%w: a public key needs a subjectKeyIdentifier to be named by", ErrRecipient)
	default:
		id = IssuerSerialOf(r.Certificate)
	}
	if key, err = encryptionKey(info.Public); err != nil {
		return id, nil, fmt.Errorf("%w (%s key)", err, info.Kind)
	}
	if k, ok := key.(*rsa.PublicKey); ok && (k.N.BitLen() < rsaMinBits || k.N.BitLen() > limits.RSAMaxBits) {
		return id, nil, fmt.Errorf("%w: an RSA key of %d bits; %d to %d are accepted", ErrRecipient, k.N.BitLen(), rsaMinBits, limits.RSAMaxBits)
	}
	return id, key, nil
}

func encryptionKey(public crypto.PublicKey) (crypto.PublicKey, error) {
	switch k := public.(type) {
	case *rsa.PublicKey:
		return k, nil
	case *ecdh.PublicKey:
		if curveOfPoint(len(k.Bytes())) == k.Curve() {
			return k, nil
		}
	case *ecdsa.PublicKey:
		if p, err := k.ECDH(); err == nil && curveOfPoint(len(p.Bytes())) == p.Curve() {
			return p, nil
		}
	}
	return nil, fmt.Errorf("%w: only RSA keys and keys on P-256, P-384 or P-521 can be encrypted to", ErrRecipient)
}

// curveOfPoint finds the curve of an uncompressed point by its length; nil for none.
func curveOfPoint(size int) ecdh.Curve {
	switch size {
	case 65:
		return ecdh.P256()
	case 97:
		return ecdh.P384()
	case 133:
		return ecdh.P521()
	}
	return nil
}

// An Opener is a private key and the names under which RecipientInfos may call it.
//
// Key decrypts RSAES-OAEP ([crypto.Decrypter] whose Public is an *rsa.PublicKey, such as *rsa.PrivateKey or a key in hardware) or
// agrees on a secret ([ecdh.KeyExchanger], such as *ecdh.PrivateKey); an *ecdsa.PrivateKey is taken as the ECDH key that it is.
// Certificate gives two names, issuer with serial number and subjectKeyIdentifier; SubjectKeyID is another, or the only one.
type Opener struct {
	Certificate  *pkix.Certificate
	SubjectKeyID []byte
	Key          crypto.PrivateKey
}

// An openerKey is an Opener that was checked: exactly one of decrypter and exchanger is set.
type openerKey struct {
	names     []RecipientID
	decrypter crypto.Decrypter
	exchanger ecdh.KeyExchanger
}

func (o Opener) resolve() (k openerKey, err error) {
	if key, ok := o.Key.(*ecdsa.PrivateKey); ok {
		if o.Key, err = key.ECDH(); err != nil {
			return k, fmt.Errorf("%w: %w", ErrOpener, err)
		}
	}
	var public crypto.PublicKey
	switch key := o.Key.(type) {
	case ecdh.KeyExchanger:
		k.exchanger, public = key, key.PublicKey()
	case crypto.Decrypter:
		k.decrypter, public = key, key.Public()
		if _, ok := public.(*rsa.PublicKey); !ok {
			return k, fmt.Errorf("%w: a crypto.Decrypter of a %T, which is not RSA", ErrOpener, public)
		}
	default:
		return k, fmt.Errorf("%w: a %T is neither a crypto.Decrypter nor an ecdh.KeyExchanger", ErrOpener, o.Key)
	}
	if public, err = encryptionKey(public); err != nil {
		return k, fmt.Errorf("%w: %w", ErrOpener, err)
	}
	if c := o.Certificate; c != nil {
		certified, err := encryptionKey(c.PublicKey.Public)
		if err != nil || !certified.(interface{ Equal(crypto.PublicKey) bool }).Equal(public) {
			return k, fmt.Errorf("%w: the private key is not that of the certificate", ErrOpener)
		}
		k.names = append(k.names, IssuerSerialOf(c), KeyIDOf(c))
	}
	if len(o.SubjectKeyID) > 0 {
		k.names = append(k.names, RecipientID{SubjectKeyID: o.SubjectKeyID})
	}
	if len(k.names) == 0 {
		return k, fmt.Errorf("%w: neither a certificate nor a subjectKeyIdentifier to be named by", ErrOpener)
	}
	return k, nil
}

func resolveOpeners(openers []Opener) ([]openerKey, error) {
	if len(openers) == 0 {
		return nil, fmt.Errorf("%w: none was given", ErrOpener)
	}
	keys := make([]openerKey, len(openers))
	for i, o := range openers {
		var err error
		if keys[i], err = o.resolve(); err != nil {
			return nil, err
		}
	}
	return keys, nil
}

func (k *openerKey) isNamed(id RecipientID) bool { return slices.ContainsFunc(k.names, id.Equal) }
