package exchange

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"
	"unicode/utf8"

	"github.com/cadre-confiance/confiance/internal/limits"
)

// A Manifest is what the sender signs: who sends what to whom, until when. docs/pli.md gives its JSON.
type Manifest struct {
	Version    int
	ID         ID
	Created    time.Time // UTC, whole seconds
	NotAfter   time.Time // last moment of a first reception; at most 400 days after Created
	Sender     Sender
	Recipients []SIRET // 1 to 1,000, none twice
	Profile    string  // [a-z0-9-]{1,64}, "standard" by default
	Purpose    string  // at most 1,000 octets, no control character; may be empty

	// Places of the pli in an exchange; each is optional.
	InReplyTo    ID
	Conversation ID
	Sequence     int64 // from 1
	Previous     *Hash // digest of an earlier manifest

	Parts   []PartInfo // 1 to 10,000, in the order of the payload
	Payload PayloadInfo
}

// A Sender is the establishment that sealed, and the certificate of its seal.
type Sender struct {
	SIRET       SIRET
	Certificate Hash // SHA-256 of the DER certificate
}

// A PartInfo describes one file of a pli.
type PartInfo struct {
	Name      string // relative path, elements joined by "/"
	MediaType string // type/subtype
	Size      int64  // octets
	Hash      Hash   // RFC 6962 tree of leaves of LeafSize octets
	Salt      [16]byte
}

// Salted is SHA-256 of the salt and the hash: what evidence says of a part to those who must not test guesses of its content.
func (p PartInfo) Salted() Hash { return sha256.Sum256(append(p.Salt[:], p.Hash[:]...)) }

// PayloadInfo binds the payload to the manifest.
type PayloadInfo struct {
	Size       int64 // octets of the payload, encrypted
	Commitment Hash  // its octets 24 to 55
}

// ParseManifest reads the JSON of a manifest and checks every rule that needs nothing else. It returns ErrType for what is not a
// manifest of a known version, ErrLimit, ErrName and ErrTime for one that breaks those rules.
func ParseManifest(b []byte) (*Manifest, error) {
	m, err := readManifest(b)
	if err == nil {
		err = m.check()
	}
	if err != nil {
		return nil, err
	}
	return m, nil
}

func readManifest(b []byte) (*Manifest, error) {
	if len(b) > limits.PliManifest {
		return nil, refuse(ErrLimit, "a manifest of more than %d octets", limits.PliManifest)
	}
	m, r := new(Manifest), &jsonReader{b: b}
	sequence, previous := int64(-1), Hash{}
	err := r.object(
		member{name: "version", read: r.version(&m.Version)},
		member{name: "id", read: r.id(&m.ID)},
		member{name: "created", read: r.time(&m.Created)},
		member{name: "notAfter", read: r.time(&m.NotAfter)},
		member{name: "sender", read: func() error {
			return r.object(member{name: "siret", read: r.siret(&m.Sender.SIRET)},
				member{name: "certificate", read: r.octets(m.Sender.Certificate[:])})
		}},
		member{name: "recipients", read: r.recipients(limits.PliRecipients, &m.Recipients)},
		member{name: "profile", read: r.string(limits.PliProfile, &m.Profile)},
		member{name: "purpose", read: r.string(limits.PliPurpose, &m.Purpose)},
		member{name: "inReplyTo", optional: true, read: r.id(&m.InReplyTo)},
		member{name: "conversation", optional: true, read: r.id(&m.Conversation)},
		member{name: "sequence", optional: true, read: r.size(&sequence)},
		member{name: "previous", optional: true, read: func() error { m.Previous = &previous; return r.octets(previous[:])() }},
		member{name: "parts", read: func() error { return r.array(limits.PliParts, func() error { return r.part(m) }) }},
		member{name: "payload", read: func() error {
			return r.object(member{name: "size", read: r.size(&m.Payload.Size)},
				member{name: "commitment", read: r.octets(m.Payload.Commitment[:])})
		}},
	)
	if err == nil {
		err = r.end()
	}
	switch {
	case errors.Is(err, ErrLimit):
		return nil, err
	case err != nil:
		return nil, refuse(ErrType, "manifest: %w", err)
	case sequence == 0:
		return nil, refuse(ErrType, "manifest: sequences begin at 1")
	}
	m.Sequence = max(sequence, 0)
	return m, nil
}

func (r *jsonReader) part(m *Manifest) error {
	var p PartInfo
	err := r.object(
		member{name: "name", read: r.string(limits.PliName, &p.Name)},
		member{name: "mediaType", read: r.string(limits.PliMediaType, &p.MediaType)},
		member{name: "size", read: r.size(&p.Size)},
		member{name: "hash", read: r.octets(p.Hash[:])},
		member{name: "salt", read: r.octets(p.Salt[:])},
	)
	m.Parts = append(m.Parts, p)
	return err
}

// marshal writes the manifest in its usual spelling.
func (m *Manifest) marshal() []byte {
	w := &jsonWriter{b: make([]byte, 0, 1024+320*len(m.Parts)+28*len(m.Recipients))}
	w.open('{')
	w.integer("version", int64(m.Version))
	w.text("id", string(m.ID))
	w.text("created", formatTime(m.Created))
	w.text("notAfter", formatTime(m.NotAfter))
	w.name("sender")
	w.open('{')
	w.text("siret", string(m.Sender.SIRET))
	w.text("certificate", m.Sender.Certificate.String())
	w.close('}')
	w.recipients(m.Recipients)
	w.text("profile", m.Profile)
	w.text("purpose", m.Purpose)
	if m.InReplyTo != "" {
		w.text("inReplyTo", string(m.InReplyTo))
	}
	if m.Conversation != "" {
		w.text("conversation", string(m.Conversation))
	}
	if m.Sequence != 0 {
		w.integer("sequence", m.Sequence)
	}
	if m.Previous != nil {
		w.text("previous", m.Previous.String())
	}
	w.name("parts")
	w.open('[')
	for i := range m.Parts {
		m.Parts[i].write(w)
	}
	w.close(']')
	w.name("payload")
	w.open('{')
	w.integer("size", m.Payload.Size)
	w.text("commitment", m.Payload.Commitment.String())
	w.close('}')
	w.close('}')
	return w.b
}

func (p *PartInfo) write(w *jsonWriter) {
	w.open('{')
	w.text("name", p.Name)
	w.text("mediaType", p.MediaType)
	w.integer("size", p.Size)
	w.text("hash", p.Hash.String())
	w.text("salt", hex.EncodeToString(p.Salt[:]))
	w.close('}')
}

// spelling is the number of octets that the part takes in the manifest, its comma included.
func (p *PartInfo) spelling() int {
	var w jsonWriter
	p.write(&w)
	return len(w.b) + 1
}

// check applies the rules that need nothing but the manifest; a writer and a reader apply the same.
func (m *Manifest) check() error {
	if err := m.checkEnvelope(); err != nil {
		return err
	}
	if len(m.Parts) == 0 || len(m.Parts) > limits.PliParts {
		return refuse(ErrLimit, "%d parts: 1 to %d are allowed", len(m.Parts), limits.PliParts)
	}
	names := newNames()
	total := int64(0)
	for i := range m.Parts {
		p := &m.Parts[i]
		if err := names.add(p.Name); err != nil {
			return refuse(ErrName, "part %d: %w", i+1, err)
		}
		if !mediaType(p.MediaType) {
			return refuse(ErrType, "part %d: its media type is not type/subtype in 3 to %d characters", i+1, limits.PliMediaType)
		}
		if p.Size < 0 || p.Size > limits.PliSize-total {
			return refuse(ErrLimit, "parts of more than %d octets in all", int64(limits.PliSize))
		}
		total += p.Size
	}
	return nil
}

// checkEnvelope applies the rules of everything but the parts: what a writer can check before the first octet.
func (m *Manifest) checkEnvelope() error {
	switch {
	case m.Version != Version:
		return refuse(ErrType, "version %d", m.Version)
	case !m.ID.valid():
		return refuse(ErrType, "the id is not a UUID in lower case")
	case !m.Sender.SIRET.valid():
		return refuse(ErrType, "the sender's SIRET is not valid")
	case len(m.Recipients) > limits.PliRecipients:
		return refuse(ErrLimit, "%d recipients: at most %d are allowed", len(m.Recipients), limits.PliRecipients)
	case !word(m.Profile):
		return refuse(ErrType, "a profile is 1 to %d characters of a-z, 0-9 and -", limits.PliProfile)
	case len(m.Purpose) > limits.PliPurpose:
		return refuse(ErrLimit, "a purpose of more than %d octets", limits.PliPurpose)
	case !printable(m.Purpose):
		return refuse(ErrType, "the purpose holds a control character or octets that are not UTF-8")
	case m.InReplyTo != "" && !m.InReplyTo.valid() || m.Conversation != "" && !m.Conversation.valid():
		return refuse(ErrType, "inReplyTo and conversation are UUIDs in lower case")
	case m.Sequence < 0 || m.Sequence > limits.PliInteger:
		return refuse(ErrType, "a sequence is between 1 and 2^53-1")
	case !m.Created.Before(m.NotAfter):
		return refuse(ErrTime, "not after %s, created %s", formatTime(m.NotAfter), formatTime(m.Created))
	case m.NotAfter.After(m.Created.AddDate(0, 0, limits.PliDays)):
		return refuse(ErrTime, "valid for more than %d days after %s", limits.PliDays, formatTime(m.Created))
	}
	if err := unique(m.Recipients); err != nil {
		return refuse(ErrType, "%w", err)
	}
	return nil
}

// checkTime applies the dates to a reading at a given time.
func (m *Manifest) checkTime(at time.Time) error {
	if at.Before(m.Created.Add(-skew)) {
		return refuse(ErrTime, "created %s, after the time of reading %s", formatTime(m.Created), formatTime(at))
	}
	if at.After(m.NotAfter.Add(skew)) {
		return refuse(ErrTime, "to be received by %s, read %s; to read again what was received in time, give that time",
			formatTime(m.NotAfter), formatTime(at))
	}
	return nil
}

// contentSize is the length of the parts; the rules of check bound it.
func (m *Manifest) contentSize() (total int64) {
	for i := range m.Parts {
		total += m.Parts[i].Size
	}
	return total
}

// leaves is the number of leaf hashes in the index.
func (m *Manifest) leaves() (total int64) {
	for i := range m.Parts {
		total += leafCount(m.Parts[i].Size)
	}
	return total
}

// payloadSize is the length of the payload that carries these parts and their index.
func (m *Manifest) payloadSize() int64 { return sealedSize(m.contentSize() + m.leaves()*sha256.Size) }

// printable reports whether s is UTF-8 without control characters (C0, DEL, C1).
func printable(s string) bool {
	for _, c := range s {
		if c < 0x20 || 0x7F <= c && c < 0xA0 {
			return false
		}
	}
	return utf8.ValidString(s)
}

// mediaType checks type/subtype, both RFC 6838 restricted names.
func mediaType(s string) bool {
	if len(s) < 3 || len(s) > limits.PliMediaType {
		return false
	}
	slash := -1
	for i := range len(s) {
		switch c := s[i]; {
		case c == '/' && slash < 0:
			slash = i
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == '!' || c == '#' || c == '$' || c == '&' || c == '-' || c == '^' || c == '_' || c == '.' || c == '+':
		default:
			return false
		}
	}
	return 0 < slash && slash < len(s)-1
}
