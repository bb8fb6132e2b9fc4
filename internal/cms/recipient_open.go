package cms

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"fmt"

	"github.com/cadre-confiance/confiance/internal/limits"
)

// A candidate is a RecipientInfo that names one of the keys at hand.
type candidate struct {
	key  *openerKey
	info *recipientInfo
}

// candidatesFor matches keys and RecipientInfos by name, in the order of the RecipientInfos, up to a bound. When nothing can be
// used, the error says which algorithm is in the way, if one is: that is public.
func candidatesFor(keys []openerKey, infos []recipientInfo) (found []candidate, err error) {
	refused := ""
	for i := range infos {
		info := &infos[i]
		for k := range keys {
			if !keys[k].isNamed(info.ID) {
				continue
			}
			if info.Refused != "" {
				refused = info.Refused
				continue
			}
			if len(found) < limits.EnvelopeCandidates {
				found = append(found, candidate{&keys[k], info})
			}
		}
	}
	if len(found) == 0 && refused != "" {
		return nil, envelopeAlgorithmError(refused)
	}
	return found, nil
}

// contentKey recovers the content-encryption key. Whatever fails, it returns a random key in place of an error, so that the
// caller goes on to a tag that cannot match and all failures look and last alike (RFC 3218 §2.3.2 says why).
func (c candidate) contentKey() (cek [contentKeySize]byte) {
	rand.Read(cek[:]) // never fails
	var key []byte
	if c.info.KDF == 0 {
		key = c.decrypt()
	} else {
		key = c.agreeAndUnwrap()
	}
	if len(key) == contentKeySize {
		copy(cek[:], key)
	}
	clear(key)
	return cek
}

func (c candidate) decrypt() []byte {
	if c.key.decrypter == nil {
		return nil
	}
	key, err := c.key.decrypter.Decrypt(rand.Reader, c.info.EncryptedKey, &rsa.OAEPOptions{Hash: crypto.SHA256, MGFHash: crypto.SHA256})
	if err != nil {
		return nil
	}
	return key
}

func (c candidate) agreeAndUnwrap() []byte {
	if c.key.exchanger == nil {
		return nil
	}
	// NewPublicKey refuses points that are not on the curve, and the point at infinity (RFC 5753 §7.1.1 leaves that to the reader).
	peer, err := c.key.exchanger.Curve().NewPublicKey(c.info.Point)
	if err != nil {
		return nil
	}
	z, err := c.key.exchanger.ECDH(peer)
	if err != nil {
		return nil
	}
	kek := x963KDF(c.info.KDF, z, eccSharedInfo(c.info.KeyWrap, c.info.UKM), contentKeySize)
	key, err := unwrapKey(kek, c.info.EncryptedKey)
	clear(z)
	clear(kek)
	if err != nil {
		return nil
	}
	return key
}

// checkNames refuses two RecipientInfos with one name.
func checkNames(infos []recipientInfo) error {
	names := make(map[string]bool, len(infos))
	for i, info := range infos {
		if names[info.ID.key()] {
			return envelopeError("recipient %d has the name of another", i+1)
		}
		names[info.ID.key()] = true
	}
	return nil
}

func refusedRecipient(n int, reason string) error {
	return envelopeAlgorithmError(fmt.Sprintf("recipient %d: %s", n, reason))
}
