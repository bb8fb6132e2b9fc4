package exchange

import (
	"time"

	"github.com/cadre-confiance/confiance/internal/cms"
	"github.com/cadre-confiance/confiance/internal/limits"
)

// An Addendum adds recipients to a pli that was sealed: the sender signs it with the certificate of the manifest, and the capsule
// is sealed anew. This version reads and verifies addenda.
type Addendum struct {
	Version    int
	ID         ID
	Manifest   Hash // digest of the manifest
	Recipients []SIRET
	Created    time.Time
}

func parseAddendum(b []byte) (*Addendum, error) {
	a, r := new(Addendum), &jsonReader{b: b}
	err := r.object(
		member{name: "version", read: r.version(&a.Version)},
		member{name: "id", read: r.id(&a.ID)},
		member{name: "manifest", read: r.octets(a.Manifest[:])},
		member{name: "recipients", read: r.recipients(limits.PliRecipients, &a.Recipients)},
		member{name: "created", read: r.time(&a.Created)},
	)
	if err == nil {
		err = r.end()
	}
	if err == nil {
		err = unique(a.Recipients)
	}
	if err != nil {
		return nil, refuse(ErrAddendum, "%w", err)
	}
	return a, nil
}

// peekAddendum reads what an addendum says before its signature is checked: the header is compared first.
func peekAddendum(signed []byte) (*Addendum, error) {
	_, content, err := cms.Parse(signed)
	if err != nil {
		return nil, refuse(ErrAddendum, "%w", err)
	}
	return parseAddendum(content)
}

func (a *Addendum) marshal() []byte {
	w := new(jsonWriter)
	w.open('{')
	w.integer("version", int64(a.Version))
	w.text("id", string(a.ID))
	w.text("manifest", a.Manifest.String())
	w.recipients(a.Recipients)
	w.text("created", formatTime(a.Created))
	w.close('}')
	return w.b
}

// belongs checks what an addendum says against its manifest.
func (a *Addendum) belongs(m *Manifest, digest Hash, at time.Time) error {
	switch {
	case a.ID != m.ID || a.Manifest != digest:
		return refuse(ErrAddendum, "it names another pli or another manifest")
	case a.Created.Before(m.Created.Add(-skew)) || a.Created.After(m.NotAfter.Add(skew)) || a.Created.After(at.Add(skew)):
		return refuse(ErrAddendum, "made %s, before the manifest, after its end, or after the time of reading", formatTime(a.Created))
	}
	return nil
}
