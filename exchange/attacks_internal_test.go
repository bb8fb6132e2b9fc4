package exchange

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/cms"
	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/signature/pkitest"
	"github.com/cadre-confiance/confiance/signature/trust"
)

// A refusal is one way to break a pli, alone, with what a well-placed attacker holds, and the reason to give.
type refusal struct {
	reason error
	change func(*craft)
	id     *pkitest.Identity  // who opens; B when nil
	o      func(*OpenOptions) // how
}

// refusals has at least one way to break each row of the tables of docs/pli.md. Those that need no option are vectors too.
func refusals() map[string]refusal {
	w := theCast()
	return map[string]refusal{
		// container
		"mark":               {reason: ErrContainer, change: func(k *craft) { k.file = flip(3, 0) }},
		"version of mark":    {reason: ErrContainer, change: func(k *craft) { k.file = replace("pli/1", "pli/2") }},
		"end mark":           {reason: ErrContainer, change: func(k *craft) { k.file = flip(-2, 0) }},
		"reserved word":      {reason: ErrContainer, change: func(k *craft) { k.file = flip(-9, 0) }},
		"something after":    {reason: ErrContainer, change: func(k *craft) { k.file = func(b []byte) []byte { return append(b, 0) } }},
		"something before":   {reason: ErrContainer, change: func(k *craft) { k.file = func(b []byte) []byte { return append([]byte{0}, b...) } }},
		"empty":              {reason: ErrContainer, change: func(k *craft) { k.file = func(b []byte) []byte { return nil } }},
		"sums":               {reason: ErrContainer, change: func(k *craft) { k.trailer = func(c container) container { c.payload++; return c } }},
		"sums that wrap":     {reason: ErrContainer, change: func(k *craft) { k.trailer = func(c container) container { c.payload = -c.payload; return c } }},
		"sizes moved":        {reason: ErrHeader, change: func(k *craft) { k.trailer = func(c container) container { c.payload++; c.capsule--; return c } }},
		"huge header":        {reason: ErrLimit, change: func(k *craft) { k.trailer = func(c container) container { c.header = 1<<32 - 1; return c } }},
		"huge capsule":       {reason: ErrLimit, change: func(k *craft) { k.trailer = func(c container) container { c.capsule = -1; return c } }},
		"header beyond":      {reason: ErrLimit, change: func(k *craft) { k.trailer = func(c container) container { c.header = limits.PliHeader + 1; return c } }},
		"no payload":         {reason: ErrContainer, change: func(k *craft) { k.payload = func([]byte) []byte { return nil } }},
		"header of capsule":  {reason: ErrHeader, change: func(k *craft) { k.trailer = func(c container) container { c.header++; c.capsule--; return c } }},
		"header in payload":  {reason: ErrHeader, change: func(k *craft) { k.trailer = func(c container) container { c.header--; c.payload++; return c } }},
		"payload of nothing": {reason: ErrContainer, change: func(k *craft) { k.payload = func(b []byte) []byte { return b[:71] } }},

		// header
		"header not JSON": {reason: ErrHeader, change: func(k *craft) { k.clear = flip(0, 0) }},
		"header spaced":   {reason: ErrHeader, change: func(k *craft) { k.clear = replace(`,"id"`, `, "id"`) }},
		"header newline":  {reason: ErrHeader, change: func(k *craft) { k.clear = func(b []byte) []byte { return append(b, '\n') } }},
		"header escape":   {reason: ErrHeader, change: func(k *craft) { k.clear = replace(`"standard"`, `"\u0073tandard"`) }},
		"header order": {reason: ErrHeader, change: func(k *craft) {
			k.clear = replace(`{"version":1,`, `{`)
			k.clear = chain(k.clear, replace(`"profile"`, `"version":1,"profile"`))
		}},
		"header unknown":      {reason: ErrHeader, change: func(k *craft) { k.clear = replace(`"profile"`, `"extra":1,"profile"`) }},
		"header twice":        {reason: ErrHeader, change: func(k *craft) { k.clear = replace(`"profile"`, `"version":1,"profile"`) }},
		"header missing":      {reason: ErrHeader, change: func(k *craft) { k.clear = replace(`"profile":"standard",`, ``) }},
		"header version":      {reason: ErrHeader, change: func(k *craft) { k.clear = replace(`"version":1`, `"version":2`) }},
		"header case":         {reason: ErrHeader, change: func(k *craft) { k.clear = replace(`"profile"`, `"Profile"`) }},
		"header hex":          {reason: ErrHeader, change: func(k *craft) { k.clear = upperHex }},
		"header SIRET":        {reason: ErrHeader, change: func(k *craft) { k.clear = replace(string(siretB), "99900002900011") }},
		"header same SIRET":   {reason: ErrHeader, change: func(k *craft) { k.clear = replace(string(siretB), string(siretC)) }},
		"capsule digest":      {reason: ErrHeader, change: func(k *craft) { k.header = func(h *Header) { h.CapsuleHash[0] ^= 1 } }},
		"capsule size":        {reason: ErrHeader, change: func(k *craft) { k.header = func(h *Header) { h.CapsuleSize++ } }},
		"header payload size": {reason: ErrHeader, change: func(k *craft) { k.header = func(h *Header) { h.PayloadSize++ } }},
		"header no recipient": {reason: ErrHeader, change: func(k *craft) { k.header = func(h *Header) { h.Recipients = nil } }},

		// capsule: its own tests say more of its form
		"capsule flipped":         {reason: ErrCapsule, change: func(k *craft) { k.capsule = flip(-20, 3) }},
		"capsule tag":             {reason: ErrCapsule, change: func(k *craft) { k.capsule = flip(-1, 0) }},
		"capsule version":         {reason: ErrCapsule, change: func(k *craft) { k.capsule = capsuleVersion }},
		"capsule followed":        {reason: ErrCapsule, change: func(k *craft) { k.capsule = func(b []byte) []byte { return append(b, 0) } }},
		"not sealed to reader":    {reason: ErrCapsule, change: func(k *craft) { k.to = []*pkitest.Identity{w.c} }},
		"infos changed":           {reason: ErrCapsule, change: func(k *craft) { k.infos = flip(-1, 0) }},
		"content not DER":         {reason: ErrCapsule, change: func(k *craft) { k.plain = func(b []byte) []byte { return append(b, 0) } }},
		"content version":         {reason: ErrCapsule, change: func(k *craft) { k.plain = replace("\x02\x01\x01", "\x02\x01\x02") }},
		"content short key":       {reason: ErrCapsule, change: func(k *craft) { k.content = func(c *capsuleContent) { c.payloadKey = c.payloadKey[1:] } }},
		"content without addenda": {reason: ErrCapsule, change: func(k *craft) { k.plain = withoutAddenda }},
		"too many addenda": {reason: ErrLimit, change: func(k *craft) {
			k.content = func(c *capsuleContent) { c.addenda = slices.Repeat([][]byte{{0x30, 0}}, 101) }
		}},
		"huge addendum": {reason: ErrLimit, change: func(k *craft) {
			k.content = func(c *capsuleContent) {
				c.addenda = [][]byte{sequence(append([]byte{4, 0x83, 1, 0x11, 0x70}, make([]byte, 70_000)...))}
			}
		}},

		// type
		"addendum as manifest": {reason: ErrType, change: func(k *craft) { k.statement = addendumType }},
		"receipt as manifest":  {reason: ErrType, change: func(k *craft) { k.statement = receiptType }},
		"version of manifest":  {reason: ErrType, change: func(k *craft) { k.json = replace(`"version":1`, `"version":2`) }},
		"manifest not JSON":    {reason: ErrType, change: func(k *craft) { k.json = func([]byte) []byte { return []byte("{}") } }},
		"manifest unknown":     {reason: ErrType, change: func(k *craft) { k.json = replace(`"profile"`, `"extra":null,"profile"`) }},
		"manifest twice":       {reason: ErrType, change: func(k *craft) { k.json = replace(`"profile"`, `"version":1,"profile"`) }},
		"manifest followed":    {reason: ErrType, change: func(k *craft) { k.json = func(b []byte) []byte { return append(b, " {}"...) } }},
		"manifest number":      {reason: ErrType, change: func(k *craft) { k.json = replace(`"version":1`, `"version":1.0`) }},
		"manifest UUID":        {reason: ErrType, change: func(k *craft) { k.json = replace("89ab", "89AB") }},
		"manifest no part":     {reason: ErrLimit, change: func(k *craft) { k.parts = nil }},
		"manifest no one":      {reason: ErrType, change: func(k *craft) { k.recipients = nil; k.header = func(h *Header) { h.Recipients = []SIRET{siretB} } }},
		"manifest same twice": {reason: ErrType, change: func(k *craft) {
			k.recipients = []SIRET{siretB, siretB}
			k.header = func(h *Header) { h.Recipients = []SIRET{siretB} }
		}},
		"manifest profile": {reason: ErrType, change: func(k *craft) {
			k.manifest = func(m *Manifest) { m.Profile = "A b" }
			k.header = func(h *Header) { h.Profile = "a" }
		}},
		"manifest purpose":    {reason: ErrType, change: func(k *craft) { k.manifest = func(m *Manifest) { m.Purpose = "a\nb" } }},
		"manifest media type": {reason: ErrType, change: func(k *craft) { k.json = replace("text/plain", "text plain") }},
		"manifest sequence":   {reason: ErrType, change: func(k *craft) { k.json = replace(`"parts"`, `"sequence":0,"parts"`) }},
		"manifest previous":   {reason: ErrType, change: func(k *craft) { k.json = replace(`"parts"`, `"previous":"ab","parts"`) }},
		"manifest sender":     {reason: ErrType, change: func(k *craft) { k.json = replace(string(siretA), "99900001100019") }},

		// limits
		"long purpose": {reason: ErrLimit, change: func(k *craft) { k.manifest = func(m *Manifest) { m.Purpose = strings.Repeat("a", 1001) } }},
		"huge part":    {reason: ErrLimit, change: func(k *craft) { k.manifest = func(m *Manifest) { m.Parts[0].Size = 1<<40 + 1 } }},
		"huge parts":   {reason: ErrLimit, change: func(k *craft) { k.manifest = func(m *Manifest) { m.Parts[0].Size, m.Parts[1].Size = 1<<40, 1 } }},
		"manifest large": {reason: ErrLimit, change: func(k *craft) {
			k.json = func(b []byte) []byte { return append(b, bytes.Repeat([]byte(" "), limits.PliManifest)...) }
		}},
		"reader's limit": {reason: ErrLimit, change: func(*craft) {}, o: func(o *OpenOptions) { o.MaxSize = 5 }},
		"deep":           {reason: ErrType, change: func(k *craft) { k.json = replace(`"profile":`, strings.Repeat("[", 9)+`"profile":`) }},

		// names
		"name up":        {reason: ErrName, change: func(k *craft) { k.names[0] = "../évasion" }},
		"name absolute":  {reason: ErrName, change: func(k *craft) { k.names[0] = "/etc/passwd" }},
		"name twice":     {reason: ErrName, change: func(k *craft) { k.names[0] = "ANNEXES/vide" }},
		"name as folder": {reason: ErrName, change: func(k *craft) { k.names[0] = "annexes" }},

		// signature
		"signed flipped":      {reason: ErrSignature, change: func(k *craft) { k.signed = replace("essai", "Essai") }},
		"value flipped":       {reason: ErrSignature, change: func(k *craft) { k.signed = flip(-1, 0) }},
		"signed by stranger":  {reason: ErrSignature, change: func(k *craft) { k.signer = w.stranger }},
		"signed by encrypter": {reason: ErrSignature, change: func(k *craft) { k.signer = w.encrypting }},
		"signed, now expired": {reason: ErrSignature, change: func(k *craft) { k.signer = w.expiring }},
		"no signer":           {reason: ErrSignature, change: func(k *craft) { k.signed = editSigned(func(sd *cms.SignedData) { sd.SignerInfos = nil }) }},
		"two signers": {reason: ErrSignature, change: func(k *craft) {
			k.signed = editSigned(func(sd *cms.SignedData) { sd.SignerInfos = append(sd.SignerInfos, sd.SignerInfos[0]) })
		}},
		"no certificate":  {reason: ErrSignature, change: func(k *craft) { k.signed = editSigned(func(sd *cms.SignedData) { sd.Certificates = nil }) }},
		"other unsigned":  {reason: ErrSignature, change: func(k *craft) { k.signed = editSigned(addUnsigned(cms.OIDCountersignature)) }},
		"not a timestamp": {reason: ErrSignature, change: func(k *craft) { k.signed = editSigned(addUnsigned(cms.OIDSignatureTimestamp)) }},
		"crl inside": {reason: ErrSignature, change: func(k *craft) {
			k.signed = editSigned(func(sd *cms.SignedData) { sd.CRLs = [][]byte{theCast().ca.CRL()} })
		}},
		"no chain": {reason: ErrSignature, change: func(k *craft) {
			k.signed = editSigned(func(sd *cms.SignedData) { sd.Certificates = sd.Certificates[:1] })
		}},
		"wrong anchors": {reason: ErrSignature, change: func(*craft) {}, o: func(o *OpenOptions) {
			o.Anchors = must(trust.NewSet(trust.Anchor{Certificate: w.stranger.Root().DER}))
		}},
		"anchor for timestamps": {reason: ErrSignature, change: func(*craft) {}, o: func(o *OpenOptions) {
			o.Anchors = must(trust.NewSet(trust.Anchor{Certificate: w.root.DER, Purposes: []trust.Purpose{trust.Timestamp}}))
		}},
		"revocation unknown": {reason: ErrSignature, change: func(*craft) {}, o: func(o *OpenOptions) { o.UnsafeNoRevocation = false }},

		// mismatch
		"other certificate":    {reason: ErrMismatch, change: func(k *craft) { k.manifest = func(m *Manifest) { m.Sender.Certificate[3] ^= 1 } }},
		"other SIRET":          {reason: ErrMismatch, change: func(k *craft) { k.sender = siretD }},
		"SIREN only":           {reason: ErrMismatch, change: func(k *craft) { k.signer = w.siren }},
		"unknown to directory": {reason: ErrMismatch, change: func(*craft) {}, o: func(o *OpenOptions) { o.Holders = directory(siretD) }},
		"header id":            {reason: ErrMismatch, change: func(k *craft) { k.header = func(h *Header) { h.ID = "01234567-89ab-7cde-8f01-23456789abce" } }},
		"header profile":       {reason: ErrMismatch, change: func(k *craft) { k.header = func(h *Header) { h.Profile = "lre" } }},
		"header notAfter":      {reason: ErrMismatch, change: func(k *craft) { k.header = func(h *Header) { h.NotAfter = h.NotAfter.Add(time.Second) } }},
		"header recipient added": {reason: ErrMismatch, change: func(k *craft) {
			k.header = func(h *Header) { h.Recipients = append(slices.Clone(h.Recipients), siretD) }
		}},
		"header recipient gone": {reason: ErrMismatch, change: func(k *craft) { k.header = func(h *Header) { h.Recipients = h.Recipients[:1] } }},
		"header recipients swapped": {reason: ErrMismatch, change: func(k *craft) {
			k.header = func(h *Header) { h.Recipients = []SIRET{siretC, siretB} }
		}},
		"manifest payload size": {reason: ErrMismatch, change: func(k *craft) { k.manifest = func(m *Manifest) { m.Payload.Size++ } }},
		"parts size":            {reason: ErrMismatch, change: func(k *craft) { k.manifest = func(m *Manifest) { m.Parts[0].Size++ } }},
		"payload longer":        {reason: ErrMismatch, change: func(k *craft) { k.payload = func(b []byte) []byte { return append(b, 0) } }},
		"payload shorter":       {reason: ErrMismatch, change: func(k *craft) { k.payload = func(b []byte) []byte { return b[:len(b)-1] } }},

		// time
		"too late":  {reason: ErrTime, change: func(*craft) {}, o: func(o *OpenOptions) { o.At = craftTime.AddDate(0, 0, 30).Add(11 * time.Minute) }},
		"too early": {reason: ErrTime, change: func(k *craft) { k.manifest = func(m *Manifest) { m.Created = craftTime.Add(71 * time.Minute) } }},
		"never":     {reason: ErrTime, change: func(k *craft) { k.manifest = func(m *Manifest) { m.NotAfter = m.Created } }},
		"for too long": {reason: ErrTime, change: func(k *craft) {
			k.manifest = func(m *Manifest) { m.NotAfter = m.Created.AddDate(0, 0, 400).Add(time.Second) }
		}},
		"time of 31 June": {reason: ErrType, change: func(k *craft) { k.json = replace("2026-03-02T09:00:00Z", "2026-06-31T09:00:00Z") }},
		"time with zone":  {reason: ErrType, change: func(k *craft) { k.json = replace("2026-03-02T09:00:00Z", "2026-03-02T09:00:0+1") }},

		// addressee
		"another establishment": {reason: ErrAddressee, change: func(*craft) {}, o: func(o *OpenOptions) { o.SIRET = siretD }},
		"sealed, not addressed": {reason: ErrAddressee, change: func(k *craft) { k.to = append(k.to, w.d) }, id: w.d},

		// payload
		"salt":              {reason: ErrPayload, change: func(k *craft) { k.payload = flip(0, 0) }},
		"commitment":        {reason: ErrPayload, change: func(k *craft) { k.payload = flip(30, 0) }},
		"signed other key":  {reason: ErrPayload, change: func(k *craft) { k.manifest = func(m *Manifest) { m.Payload.Commitment[0] ^= 1 } }},
		"capsule other key": {reason: ErrPayload, change: func(k *craft) { k.content = func(c *capsuleContent) { c.payloadKey[0] ^= 1 } }},
		"other id":          {reason: ErrPayload, change: func(k *craft) { k.manifest = func(m *Manifest) { m.ID = "01234567-89ab-7cde-8f01-23456789abce" } }},
		"chunk":             {reason: ErrPayload, change: func(k *craft) { k.payload = flip(60, 0) }},
		"last tag":          {reason: ErrPayload, change: func(k *craft) { k.payload = flip(-1, 7) }},
		"chunks swapped":    {reason: ErrPayload, change: func(k *craft) { k.large(); k.payload = swapChunks(1, 2) }},
		"chunk twice":       {reason: ErrPayload, change: func(k *craft) { k.large(); k.payload = copyChunk(1, 2) }},
		"chunk dropped":     {reason: ErrMismatch, change: func(k *craft) { k.large(); k.payload = dropChunk(1) }},
		"last chunk gone":   {reason: ErrMismatch, change: func(k *craft) { k.large(); k.payload = func(b []byte) []byte { return b[:payloadHead+3*sealedChunk] } }},

		// index and content
		"signed other hash": {reason: ErrIndex, change: func(k *craft) { k.manifest = func(m *Manifest) { m.Parts[0].Hash[0] ^= 1 } }},
		"hash of empty":     {reason: ErrIndex, change: func(k *craft) { k.manifest = func(m *Manifest) { m.Parts[1].Hash[0] ^= 1 } }},
		"parts exchanged": {reason: ErrIndex, change: func(k *craft) {
			k.parts, k.names = [][]byte{[]byte("un"), []byte("de")}, []string{"a", "b"}
			k.manifest = func(m *Manifest) { m.Parts[0].Hash, m.Parts[1].Hash = m.Parts[1].Hash, m.Parts[0].Hash }
		}},
	}
}

func TestRefusals(t *testing.T) {
	for name, test := range refusals() {
		t.Run(name, func(t *testing.T) {
			k := newCraft()
			test.change(k)
			id := test.id
			if id == nil {
				id = theCast().b
			}
			o := readingNow()
			if test.o != nil {
				test.o(&o)
			}
			refuses(t, test.reason, k.build(t), id, o)
		})
	}
}

func chain(a, b func([]byte) []byte) func([]byte) []byte {
	return func(x []byte) []byte { return b(a(x)) }
}

// large gives the pli three full chunks and a short one.
func (k *craft) large() { k.parts[0] = random(3*chunkSize + 100) }

func chunkOf(b []byte, i int) []byte {
	return b[payloadHead+i*sealedChunk : min(len(b), payloadHead+(i+1)*sealedChunk)]
}

func swapChunks(i, j int) func([]byte) []byte {
	return func(b []byte) []byte {
		was := bytes.Clone(chunkOf(b, i))
		copy(chunkOf(b, i), chunkOf(b, j))
		copy(chunkOf(b, j), was)
		return b
	}
}

func copyChunk(from, to int) func([]byte) []byte {
	return func(b []byte) []byte { copy(chunkOf(b, to), chunkOf(b, from)); return b }
}

func dropChunk(i int) func([]byte) []byte {
	return func(b []byte) []byte {
		return slices.Concat(b[:payloadHead+i*sealedChunk], b[payloadHead+(i+1)*sealedChunk:])
	}
}

func upperHex(b []byte) []byte {
	at := bytes.Index(b, []byte(`"sha256":"`)) + 10
	return append(b[:at], append(bytes.ToUpper(b[at:at+64]), b[at+64:]...)...)
}

// capsuleVersion changes the version of the AuthEnvelopedData, which nothing authenticates.
func capsuleVersion(b []byte) []byte {
	at := bytes.Index(b, []byte{0x02, 0x01, 0x00})
	b[at+2] = 1
	return b
}

func withoutAddenda(b []byte) []byte {
	content := must(parseCapsuleContent(b))
	raw := must(content.marshal())
	inner := raw[4 : len(raw)-2] // 30 82 xx xx … 30 00
	return sequence(inner)
}

func sequence(b []byte) []byte {
	switch {
	case len(b) < 1<<7:
		return append([]byte{0x30, byte(len(b))}, b...)
	case len(b) < 1<<16:
		return append([]byte{0x30, 0x82, byte(len(b) >> 8), byte(len(b))}, b...)
	}
	return append([]byte{0x30, 0x83, byte(len(b) >> 16), byte(len(b) >> 8), byte(len(b))}, b...)
}

// editSigned writes a SignedData with other parts around the same signature.
func editSigned(edit func(*cms.SignedData)) func([]byte) []byte {
	return func(b []byte) []byte {
		sd, content, err := cms.Parse(b)
		if err != nil {
			panic(err)
		}
		next := &cms.SignedData{ContentType: sd.ContentType, Certificates: sd.Certificates, SignerInfos: sd.SignerInfos, DigestAlgorithms: sd.DigestAlgorithms}
		edit(next)
		return must(next.MarshalAttached(content))
	}
}

func addUnsigned(oid der.OID) func(*cms.SignedData) {
	return func(sd *cms.SignedData) {
		sd.SignerInfos[0].UnsignedAttributes = []cms.Attribute{{Type: oid, Values: [][]byte{{0x30, 0}}}}
	}
}

func directory(known ...SIRET) func(context.Context, Hash) ([]SIRET, error) {
	return func(context.Context, Hash) ([]SIRET, error) { return known, nil }
}

// A truncated pli is not one, wherever it is cut.
func TestTruncations(t *testing.T) {
	pli := newCraft().build(t)
	for n := range len(pli) {
		_, err := readContainer(bytes.NewReader(pli[:n]), int64(n))
		require.ErrorIs(t, err, ErrContainer, "%d octets", n)
	}
	// An insertion, a deletion and a repetition anywhere are refused too.
	w := theCast()
	for at := 0; at < len(pli); at += 7 {
		for _, b := range [][]byte{
			slices.Concat(pli[:at], []byte{0x30}, pli[at:]),
			slices.Concat(pli[:at], pli[at+1:]),
			slices.Concat(pli[:at], pli[at:], pli[at:]),
		} {
			_, err := openAll(b, w.c, readingNow())
			require.Contains(t, []string{"container", "limit", "header"}, Reason(err), "octet %d: %v", at, err)
		}
	}
}

// Two plis that one sender made for the same recipients: nothing of one serves in the other.
func TestExchangedObjects(t *testing.T) {
	w := theCast()
	one := newCraft()
	two := newCraft()
	two.id, two.key = "01234567-89ab-7cde-8f01-000000000002", [32]byte{2}
	type objects struct{ payload, capsule, header []byte }
	cut := func(b []byte) objects {
		c := must(readContainer(bytes.NewReader(b), int64(len(b))))
		return objects{b[c.payloadAt():c.capsuleAt()], b[c.capsuleAt():c.headerAt()], b[c.headerAt() : len(b)-trailerSize]}
	}
	join := func(o objects) []byte {
		return slices.Concat([]byte(mark), o.payload, o.capsule, o.header,
			container{int64(len(o.payload)), int64(len(o.capsule)), int64(len(o.header))}.trailer())
	}
	a, b := cut(one.build(t)), cut(two.build(t))
	for _, id := range []*pkitest.Identity{w.b, w.c} {
		_, err := openAll(join(a), id, readingNow())
		require.NoError(t, err)
		refuses(t, ErrPayload, join(objects{b.payload, a.capsule, a.header}), id, readingNow())
		refuses(t, ErrHeader, join(objects{a.payload, b.capsule, a.header}), id, readingNow())
		refuses(t, ErrHeader, join(objects{a.payload, a.capsule, b.header}), id, readingNow())
		refuses(t, ErrPayload, join(objects{a.payload, b.capsule, b.header}), id, readingNow())
		// A carrier can write a header that agrees with the capsule.
		h := must(ParseHeader(a.header))
		h.CapsuleHash, h.CapsuleSize = sha256.Sum256(b.capsule), int64(len(b.capsule))
		refuses(t, ErrMismatch, join(objects{a.payload, b.capsule, h.marshal()}), id, readingNow())
	}
}

// A third party edits the RecipientInfos, which CMS leaves without protection: AES-GCM still opens, riDigest tells. The weakened
// reader, without that check, is the one that this attack fools.
func TestRecipientRemoved(t *testing.T) {
	w := theCast()
	k := newCraft()
	k.capsule = func(b []byte) []byte { return withoutRecipient(t, b) }
	pli := k.build(t)
	id := w.b
	if _, _, err := cms.OpenAuthEnveloped(capsuleOf(pli), identityOf(w.b)[0].opener); err != nil {
		id = w.c
	}
	refuses(t, ErrCapsule, pli, id, readingNow())
	weak := &reading{ctx: t.Context(), src: bytes.NewReader(pli), size: int64(len(pli)), identities: identityOf(id), o: readingNow()}
	require.NoError(t, weak.options())
	require.NoError(t, weak.run(slices.DeleteFunc(slices.Clone(openSteps), func(s step) bool { return s.name == "recipient infos" })))
}

func capsuleOf(pli []byte) []byte {
	c := must(readContainer(bytes.NewReader(pli), int64(len(pli))))
	return pli[c.capsuleAt():c.headerAt()]
}

// withoutRecipient drops the first RecipientInfo and writes the lengths anew.
func withoutRecipient(t testing.TB, capsule []byte) []byte {
	t.Helper()
	read := func(b []byte) (header, body, rest []byte) {
		h, err := der.ReadHeader(b)
		require.NoError(t, err)
		end := h.Size + int(h.Length)
		return b[:h.Size], b[h.Size:end], b[end:]
	}
	wrap := func(tag byte, b []byte) []byte { s := sequence(b); s[0] = tag; return s }
	_, info, _ := read(capsule)
	oidHeader, oid, rest := read(info)
	_, explicit, _ := read(rest)
	_, data, _ := read(explicit)
	versionHeader, version, rest := read(data)
	_, set, rest := read(rest)
	_, _, others := read(set)
	data = slices.Concat(versionHeader, version, wrap(0x31, others), rest)
	return sequence(slices.Concat(oidHeader, oid, wrap(0xA0, sequence(data))))
}

// B received a pli from A and seals A's signed words to C. C must not believe that A wrote to him.
func TestSurreptitiousForwarding(t *testing.T) {
	w := theCast()
	forward := newCraft()
	forward.to, forward.recipients = []*pkitest.Identity{w.c}, []SIRET{siretB}
	refuses(t, ErrAddressee, forward.build(t), w.c, readingNow())
	forward.header = func(h *Header) { h.Recipients = []SIRET{siretC} }
	refuses(t, ErrMismatch, forward.build(t), w.c, readingNow())
	forward.header = func(h *Header) { h.Recipients = []SIRET{siretB, siretC} }
	refuses(t, ErrMismatch, forward.build(t), w.c, readingNow())

	// The weakened reader, which looks at the header alone, believes it.
	pli := forward.build(t)
	weak := &reading{ctx: t.Context(), src: bytes.NewReader(pli), size: int64(len(pli)), identities: identityOf(w.c), o: readingNow()}
	require.NoError(t, weak.options())
	require.NoError(t, weak.run(slices.DeleteFunc(slices.Clone(openSteps), func(s step) bool { return s.name == "addressees" })))
}

// C knows the payload key and has B's pli in hand: with the same key, salt and sizes he encrypts other content, whose tags and
// commitment are right.
func TestContentReencryptedByCoRecipient(t *testing.T) {
	w := theCast()
	k := newCraft()
	forged := newCraft()
	forged.parts = [][]byte{[]byte("DÉLIBÉRATION")[:len(k.parts[0])], {}}
	var other []byte
	forged.payload = func(b []byte) []byte { other = b; return b }
	forged.build(t)
	k.payload = func(b []byte) []byte { require.Len(t, other, len(b)); return other }
	pli := k.build(t)
	refuses(t, ErrIndex, pli, w.b, readingNow())

	weak := &reading{ctx: t.Context(), src: bytes.NewReader(pli), size: int64(len(pli)), identities: identityOf(w.b), o: readingNow()}
	require.NoError(t, weak.options())
	require.NoError(t, weak.run(slices.DeleteFunc(slices.Clone(openSteps), func(s step) bool { return s.name == "index" })),
		"tags and commitment alone do not tell")
}

// The capsule retyped as EnvelopedData: another way to use the same RecipientInfos.
func TestCapsuleRetyped(t *testing.T) {
	w := theCast()
	k := newCraft()
	k.capsule = replace(string(cms.OIDAuthEnvelopedData), string(cms.OIDAuthEnvelopedData[:10])+"\x03")
	refuses(t, ErrCapsule, k.build(t), w.b, readingNow())
}

// Every way of failing between a private key and the tag gives one message.
func TestCapsuleFailuresAlike(t *testing.T) {
	w := theCast()
	messages := map[string]bool{}
	for _, change := range []func(*craft){
		func(k *craft) { k.to = []*pkitest.Identity{w.c} }, // not for this key
		func(k *craft) { k.capsule = flip(-1, 0) },         // tag
		func(k *craft) { k.capsule = flip(-40, 0) },        // ciphertext
		func(k *craft) {
			k.to = []*pkitest.Identity{w.b}
			k.capsule = func(b []byte) []byte { return flip(keyOffset(b), 0)(b) }
		}, // wrapped key
	} {
		k := newCraft()
		change(k)
		err := refuses(t, ErrCapsule, k.build(t), w.b, readingNow())
		messages[err.Error()] = true
	}
	require.Len(t, messages, 1)
}

// keyOffset finds the encrypted key of a capsule to one RSA recipient: OCTET STRING of 256 octets.
func keyOffset(b []byte) int { return bytes.Index(b, []byte{0x04, 0x82, 0x01, 0x00}) + 100 }

func TestAddenda(t *testing.T) {
	w := theCast()
	build := func(change func(a *Addendum, k *craft, sign *craft, kind *statementType)) []byte {
		k := newCraft()
		k.to = append(k.to, w.d)
		k.content = func(c *capsuleContent) {
			_, content, err := cms.Parse(c.manifest)
			require.NoError(t, err)
			a := &Addendum{Version: 1, ID: k.id, Manifest: sha256.Sum256(content), Recipients: []SIRET{siretD}, Created: craftTime.Add(time.Minute)}
			sign, kind := newCraft(), addendumType
			if change != nil {
				change(a, k, sign, &kind)
			}
			c.addenda = [][]byte{sign.sign(t, kind, a.marshal())}
			if k.header == nil {
				k.header = func(h *Header) { h.Recipients = append(slices.Clone(h.Recipients), a.Recipients...) }
			}
		}
		return k.build(t)
	}
	good := build(nil)
	for _, id := range []*pkitest.Identity{w.b, w.c, w.d} {
		m, err := openAll(good, id, readingNow())
		require.NoError(t, err)
		require.Equal(t, []SIRET{siretD}, m.Addenda[0].Recipients)
	}
	for name, test := range map[string]struct {
		reason error
		change func(a *Addendum, k *craft, sign *craft, kind *statementType)
	}{
		"of another manifest": {ErrAddendum, func(a *Addendum, _, _ *craft, _ *statementType) { a.Manifest[0] ^= 1 }},
		"of another pli":      {ErrAddendum, func(a *Addendum, _, _ *craft, _ *statementType) { a.ID = "01234567-89ab-7cde-8f01-23456789abce" }},
		"before the manifest": {ErrAddendum, func(a *Addendum, _, _ *craft, _ *statementType) { a.Created = craftTime.Add(-time.Hour) }},
		"not yet made":        {ErrAddendum, func(a *Addendum, _, _ *craft, _ *statementType) { a.Created = craftTime.Add(2 * time.Hour) }},
		"by a co-recipient":   {ErrAddendum, func(_ *Addendum, _, s *craft, _ *statementType) { s.signer = w.sealB }},
		"by another of A":     {ErrAddendum, func(_ *Addendum, _, s *craft, _ *statementType) { s.signer = w.expiring }},
		"of another type":     {ErrAddendum, func(_ *Addendum, _, _ *craft, kind *statementType) { *kind = receiptType }},
		"same recipient":      {ErrHeader, func(a *Addendum, _, _ *craft, _ *statementType) { a.Recipients = []SIRET{siretB} }},
		"nobody":              {ErrAddendum, func(a *Addendum, _, _ *craft, _ *statementType) { a.Recipients = nil }},
		"not in the header": {ErrMismatch, func(_ *Addendum, k, _ *craft, _ *statementType) {
			k.header = func(*Header) {}
		}},
	} {
		t.Run(name, func(t *testing.T) { refuses(t, test.reason, build(test.change), w.d, readingNow()) })
	}
	t.Run("not a SignedData", func(t *testing.T) {
		k := newCraft()
		k.content = func(c *capsuleContent) { c.addenda = [][]byte{{0x30, 0}} }
		refuses(t, ErrAddendum, k.build(t), w.b, readingNow())
	})
}

// An ECDSA value (r, s) has a twin (r, n-s): the SignedData has another digest, the manifest has not.
func TestManifestDigestIsOfTheJSON(t *testing.T) {
	k := newCraft()
	var first []byte
	k.signed = func(b []byte) []byte { first = b; return b }
	k.build(t)
	second := k.sign(t, manifestType, must(readStatement(first, manifestType)).content)
	require.NotEqual(t, first, second, "ECDSA values are random")
	require.Equal(t, must(ManifestDigest(first)), must(ManifestDigest(second)))
	_, err := ManifestDigest(k.sign(t, receiptType, []byte("{}")))
	require.ErrorIs(t, err, ErrType)
}

// Only a signed SIRET counts: 14 digits, or a directory. Contradiction is never forgiven.
func TestHolder(t *testing.T) {
	w := theCast()
	k := newCraft()
	k.signer = w.siren
	o := readingNow()
	o.Holders = directory(siretA)
	_, err := openAll(k.build(t), w.b, o)
	require.NoError(t, err)

	k.sender = siretD
	o.Holders = directory(siretD)
	refuses(t, ErrMismatch, k.build(t), w.b, o)
	o.UnsafeAnySender = true
	refuses(t, ErrMismatch, k.build(t), w.b, o)

	k.sender = siretA
	o.Holders = nil
	m, err := openAll(k.build(t), w.b, o)
	require.NoError(t, err)
	require.Len(t, m.Findings, 2)
}

func TestUnsafeAnySender(t *testing.T) {
	w := theCast()
	k := newCraft()
	k.signer = w.stranger
	o := OpenOptions{At: craftTime, UnsafeAnySender: true}
	m, err := openAll(k.build(t), w.b, o)
	require.NoError(t, err)
	require.NotEmpty(t, m.Findings)
	// The value is verified all the same.
	k.signed = flip(-1, 0)
	refuses(t, ErrSignature, k.build(t), w.b, o)
}

func TestOptions(t *testing.T) {
	w := theCast()
	pli := newCraft().build(t)
	for _, o := range []OpenOptions{
		{Anchors: w.anchors},
		{At: craftTime},
		{At: craftTime, Anchors: w.anchors, SIRET: "12345678901234"},
	} {
		_, err := openAll(pli, w.b, o)
		require.ErrorIs(t, err, ErrOptions)
	}
	_, err := Open(t.Context(), bytes.NewReader(pli), int64(len(pli)), nil, readingNow())
	require.ErrorIs(t, err, ErrIdentity)
	both := append(identityOf(w.b), identityOf(w.c)...)
	_, err = Open(t.Context(), bytes.NewReader(pli), int64(len(pli)), both, readingNow())
	require.ErrorIs(t, err, ErrOptions)
	o := readingNow()
	o.SIRET = siretC
	m, err := Open(t.Context(), bytes.NewReader(pli), int64(len(pli)), both, o)
	require.NoError(t, err)
	require.Equal(t, siretC, m.Recipient)
}

func TestTrailerRoundTrip(t *testing.T) {
	c := container{72, 1, 2}
	var tail [trailerSize]byte
	copy(tail[:], c.trailer())
	got, err := parseTrailer(tail, 75)
	require.NoError(t, err)
	require.Equal(t, c, got)
	binary.BigEndian.PutUint64(tail[:], 1<<63)
	_, err = parseTrailer(tail, 75)
	require.ErrorIs(t, err, ErrContainer)
}

func TestSignedNotDER(t *testing.T) {
	signed := newCraft().sign(t, manifestType, []byte("{}"))
	// Indefinite length for the outermost SEQUENCE: BER.
	h, err := der.ReadHeader(signed)
	require.NoError(t, err)
	ber := slices.Concat([]byte{0x30, 0x80}, signed[h.Size:], []byte{0, 0})
	_, err = readStatement(ber, manifestType)
	require.ErrorIs(t, err, ErrSignature)
	_, err = readStatement(signed, manifestType)
	require.NoError(t, err)
}
