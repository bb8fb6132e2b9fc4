package exchange

import (
	"bytes"
	"context"
	"crypto/sha256"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/cms"
	"github.com/cadre-confiance/confiance/internal/pkix"
	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/pkitest"
	"github.com/cadre-confiance/confiance/signature/trust"
)

// A craft makes plis as an attacker would who holds any key that a test gives him: every stage can be altered.

const (
	siretA = SIRET("99900001100018") // the sender
	siretB = SIRET("99900002900010")
	siretC = SIRET("99900003700013")
	siretD = SIRET("99900004500016") // nobody's recipient
)

var craftTime = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

type cast struct {
	pki        *pkitest.PKI
	root, ca   *pkitest.Authority
	seal       *pkitest.Identity // of A
	sealB      *pkitest.Identity
	b, c, d    *pkitest.Identity // encryption keys
	anchors    *trust.Set
	tsa        *pkitest.TimestampAuthority
	expiring   *pkitest.Identity // A's, ends an hour after
	encrypting *pkitest.Identity // A's, may not sign
	stranger   *pkitest.Identity // of another root, says it is A
	siren      *pkitest.Identity // A's, with nine digits
}

var theCast = sync.OnceValue(func() *cast {
	p := pkitest.New(pkitest.At(craftTime), pkitest.Deterministic("craft"))
	c := &cast{pki: p, root: p.Root("Racine d'essai")}
	c.ca = c.root.Intermediate("AC d'essai")
	c.seal = c.ca.Leaf("A", pkitest.Seal, pkitest.SIRET(string(siretA)))
	c.sealB = c.ca.Leaf("Cachet de B", pkitest.Seal, pkitest.SIRET(string(siretB)))
	c.b = c.ca.Leaf("B", pkitest.Encrypt, pkitest.RSA2048, pkitest.SIRET(string(siretB)))
	c.c = c.ca.Leaf("C", pkitest.Encrypt, pkitest.P256, pkitest.SIRET(string(siretC)))
	c.d = c.ca.Leaf("D", pkitest.Encrypt, pkitest.P384, pkitest.SIRET(string(siretD)))
	c.expiring = c.ca.Leaf("A bientôt", pkitest.Seal, pkitest.SIRET(string(siretA)),
		pkitest.Validity(craftTime.AddDate(-1, 0, 0), craftTime.Add(30*time.Minute)))
	c.encrypting = c.ca.Leaf("A chiffre", pkitest.Encrypt, pkitest.SIRET(string(siretA)))
	c.stranger = p.Root("Autre racine").Leaf("A", pkitest.Seal, pkitest.SIRET(string(siretA)))
	c.siren = c.ca.Leaf("A au SIREN", pkitest.Seal, pkitest.SIRET(siretA.SIREN()))
	c.tsa = c.ca.TimestampAuthority("Horodatage d'essai")
	c.anchors = must(trust.NewSet(trust.Anchor{Certificate: c.root.DER}))
	return c
})

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func signerOf(id *pkitest.Identity) ades.Signer { return must(ades.FromKey(id.Key, id.Chain())) }

type craft struct {
	signer     *pkitest.Identity
	sender     SIRET
	to         []*pkitest.Identity // whom the capsule is sealed to
	recipients []SIRET             // whom manifest and header name
	parts      [][]byte
	names      []string
	statement  statementType

	manifest func(*Manifest)           // before it is signed
	json     func([]byte) []byte       // same
	signed   func([]byte) []byte       // the SignedData
	content  func(*capsuleContent)     // but riDigest
	plain    func([]byte) []byte       // of the capsule
	infos    func([]byte) []byte       // what riDigest is taken of
	payload  func([]byte) []byte       // encrypted
	capsule  func([]byte) []byte       // encrypted
	header   func(*Header)             // after the capsule's digest is in
	clear    func([]byte) []byte       // JSON of the header
	file     func([]byte) []byte       // all of it
	trailer  func(container) container // sizes

	key [32]byte // of the payload
	id  ID
}

func newCraft() *craft {
	w := theCast()
	return &craft{
		signer: w.seal, sender: siretA, to: []*pkitest.Identity{w.b, w.c}, recipients: []SIRET{siretB, siretC},
		parts: [][]byte{[]byte("délibération"), {}}, names: []string{"délibération.txt", "annexes/vide"}, statement: manifestType,
		key: [32]byte(bytes.Repeat([]byte{7}, 32)), id: "01234567-89ab-7cde-8f01-23456789abcd",
	}
}

func (k *craft) build(t testing.TB) []byte {
	t.Helper()
	salt := bytes.Repeat([]byte{9}, saltSize)
	c, err := newCobblestone(k.key[:], salt, payloadContext(k.id))
	require.NoError(t, err)
	var out bytes.Buffer
	out.Write(salt)
	out.Write(c.commitment[:])
	s := newPayloadSealer(t.Context(), &out, c, 1)
	defer s.close()
	m := &Manifest{Version: 1, ID: k.id, Created: craftTime, NotAfter: craftTime.AddDate(0, 0, 30), Recipients: k.recipients,
		Sender: Sender{k.sender, sha256.Sum256(k.signer.DER)}, Profile: "standard", Purpose: "essai"}
	for i, p := range k.parts {
		_, err := s.part(bytes.NewReader(p), int64(len(p)))
		require.NoError(t, err)
		m.Parts = append(m.Parts, PartInfo{Name: k.names[i], MediaType: "text/plain", Size: int64(len(p)), Salt: [16]byte{byte(i), 1}})
	}
	roots, err := s.finish()
	require.NoError(t, err)
	for i := range roots {
		m.Parts[i].Hash = roots[i]
	}
	payload := apply(k.payload, out.Bytes())
	m.Payload = PayloadInfo{int64(out.Len()), c.commitment}
	if k.manifest != nil {
		k.manifest(m)
	}
	signed := apply(k.signed, k.sign(t, k.statement, apply(k.json, m.marshal())))
	content := &capsuleContent{payloadKey: bytes.Clone(k.key[:]), manifest: signed}
	if k.content != nil {
		k.content(content)
	}
	capsule := apply(k.capsule, k.sealTo(t, content))
	h := &Header{Version: 1, ID: m.ID, Recipients: m.Recipients, Profile: m.Profile, PayloadSize: int64(len(payload)),
		NotAfter: m.NotAfter, CapsuleSize: int64(len(capsule)), CapsuleHash: sha256.Sum256(capsule)}
	if k.header != nil {
		k.header(h)
	}
	header := apply(k.clear, h.marshal())
	sizes := container{int64(len(payload)), int64(len(capsule)), int64(len(header))}
	if k.trailer != nil {
		sizes = k.trailer(sizes)
	}
	return apply(k.file, slices.Concat([]byte(mark), payload, capsule, header, sizes.trailer()))
}

func apply(f func([]byte) []byte, b []byte) []byte {
	if f == nil {
		return b
	}
	return f(bytes.Clone(b))
}

// sign signs whatever it is given, without the checks of signStatement.
func (k *craft) sign(t testing.TB, kind statementType, content []byte) []byte {
	t.Helper()
	signed, err := makeStatement(t.Context(), signerOf(k.signer), must(pkix.ParseCertificate(k.signer.DER)), kind, content, craftTime, nil)
	require.NoError(t, err)
	return signed
}

func (k *craft) sealTo(t testing.TB, content *capsuleContent) []byte {
	t.Helper()
	var to []cms.Recipient
	for _, id := range k.to {
		to = append(to, cms.Recipient{Certificate: must(pkix.ParseCertificate(id.DER))})
	}
	capsule, err := cms.SealAuthEnveloped(to, func(infos []byte) ([]byte, error) {
		content.riDigest = sha256.Sum256(apply(k.infos, infos))
		return apply(k.plain, must(content.marshal())), nil
	})
	require.NoError(t, err)
	return capsule
}

func readingNow() OpenOptions {
	return OpenOptions{Anchors: theCast().anchors, At: craftTime.Add(time.Hour), UnsafeNoRevocation: true}
}

func identityOf(id *pkitest.Identity) []*Identity {
	return []*Identity{must(NewIdentity(id.Certificate, id.Key))}
}

// openAll opens a pli and reads all of its content.
func openAll(pli []byte, id *pkitest.Identity, o OpenOptions) (*Message, error) {
	m, err := Open(context.Background(), bytes.NewReader(pli), int64(len(pli)), identityOf(id), o)
	if err != nil {
		return nil, err
	}
	return m, m.Check(context.Background(), nil)
}

// refuses checks that nobody opens a pli, for the reason given, and that nothing of it reaches a folder.
func refuses(t testing.TB, reason error, pli []byte, id *pkitest.Identity, o OpenOptions) error {
	t.Helper()
	m, err := Open(t.Context(), bytes.NewReader(pli), int64(len(pli)), identityOf(id), o)
	if err == nil {
		dir := filepath.Join(t.TempDir(), "new", "folder")
		err = m.Extract(t.Context(), dir, ExtractOptions{})
		_, there := os.Stat(filepath.Dir(dir))
		require.ErrorIs(t, there, os.ErrNotExist, "something is left")
	}
	require.ErrorIs(t, err, reason)
	require.Equal(t, Reason(reason), Reason(err), "%v", err)
	return err
}

func TestCraft(t *testing.T) {
	w := theCast()
	pli := newCraft().build(t)
	for _, id := range []*pkitest.Identity{w.b, w.c} {
		m, err := openAll(pli, id, readingNow())
		require.NoError(t, err)
		require.Len(t, m.Manifest.Parts, 2)
	}
	refuses(t, ErrCapsule, pli, w.d, readingNow())
}

func flip(at, bit int) func([]byte) []byte {
	return func(b []byte) []byte { b[(at+len(b))%len(b)] ^= 1 << bit; return b }
}

func replace(old, new string) func([]byte) []byte {
	return func(b []byte) []byte {
		if !bytes.Contains(b, []byte(old)) {
			panic("nothing to replace: " + old)
		}
		return bytes.Replace(b, []byte(old), []byte(new), 1)
	}
}
