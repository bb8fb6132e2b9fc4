package exchange

import (
	"bytes"
	"errors"
	"time"

	"github.com/cadre-confiance/confiance/internal/limits"
)

// A Header is the clear part of a pli: what a carrier needs to route it, and nothing more. Nothing in it is to be believed before
// the manifest is verified.
type Header struct {
	Version     int
	ID          ID
	Recipients  []SIRET // those of the manifest, then those of the addenda
	Profile     string
	PayloadSize int64
	NotAfter    time.Time
	CapsuleSize int64
	CapsuleHash Hash // SHA-256 of the capsule
}

// ParseHeader reads a header, which has one spelling only.
func ParseHeader(b []byte) (*Header, error) {
	if len(b) > limits.PliHeader {
		return nil, refuse(ErrLimit, "a header of more than %d octets", limits.PliHeader)
	}
	h, r := new(Header), &jsonReader{b: b}
	err := r.object(
		member{name: "version", read: r.version(&h.Version)},
		member{name: "id", read: r.id(&h.ID)},
		member{name: "recipients", read: r.recipients(limits.PliHeader/len(`{"siret":""}`), &h.Recipients)},
		member{name: "profile", read: r.string(limits.PliProfile, &h.Profile)},
		member{name: "payloadSize", read: r.size(&h.PayloadSize)},
		member{name: "notAfter", read: r.time(&h.NotAfter)},
		member{name: "capsule", read: func() error {
			return r.object(member{name: "size", read: r.size(&h.CapsuleSize)},
				member{name: "sha256", read: r.octets(h.CapsuleHash[:])})
		}},
	)
	if err == nil {
		err = r.end()
	}
	switch {
	case errors.Is(err, ErrLimit):
		return nil, err
	case err != nil:
		return nil, refuse(ErrHeader, "%w", err)
	case !word(h.Profile):
		return nil, refuse(ErrHeader, "a profile is 1 to %d characters of a-z, 0-9 and -", limits.PliProfile)
	case !bytes.Equal(b, h.marshal()):
		return nil, refuse(ErrHeader, "spelled in another way than the only one")
	}
	if err := unique(h.Recipients); err != nil {
		return nil, refuse(ErrHeader, "%w", err)
	}
	return h, nil
}

func (h *Header) marshal() []byte {
	w := &jsonWriter{b: make([]byte, 0, 320+28*len(h.Recipients))}
	w.open('{')
	w.integer("version", int64(h.Version))
	w.text("id", string(h.ID))
	w.recipients(h.Recipients)
	w.text("profile", h.Profile)
	w.integer("payloadSize", h.PayloadSize)
	w.text("notAfter", formatTime(h.NotAfter))
	w.name("capsule")
	w.open('{')
	w.integer("size", h.CapsuleSize)
	w.text("sha256", h.CapsuleHash.String())
	w.close('}')
	w.close('}')
	return w.b
}
