package exchange

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/cryptotest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature/pkitest"
	"github.com/cadre-confiance/confiance/signature/trust"
)

// The vectors of testdata/v1 are the format as files: what a stranger's implementation must accept, with every value on the way, and
// what it must refuse, with the reason. docs/pli.md says how to read vectors.json.
//
//	go test ./exchange -run TestVectors -update
//
// writes them again. They change with the version of the format only.

var update = flag.Bool("update", false, "write testdata/v1 again")

const vectorDir = "testdata/v1"

type vectors struct {
	Note     string          `json:"note"`
	Accepted []vector        `json:"accepted"`
	Refused  []refusedVector `json:"refused"`
	Payloads []payloadVector `json:"payloads"`
	Receipts []receiptVector `json:"receipts"`
}

type vector struct {
	File       string   `json:"file"`
	SHA256     string   `json:"sha256"`
	At         string   `json:"at"`
	Keys       []string `json:"keys"` // each opens: NAME.pem and NAME.key.pem
	SIRETs     []string `json:"sirets"`
	PayloadKey string   `json:"payloadKey"`
	Salt       string   `json:"salt"`
	Commitment string   `json:"commitment"`
	RIDigest   string   `json:"riDigest"`
	Header     string   `json:"header"`
	Manifest   string   `json:"manifest"` // the signed JSON
	Digest     string   `json:"manifestDigest"`
	Contents   []string `json:"contents"` // of the parts, hexadecimal
	Salted     []string `json:"salted"`
	Addenda    []string `json:"addenda"` // the signed JSON
}

type refusedVector struct {
	File   string `json:"file"`
	SHA256 string `json:"sha256"`
	At     string `json:"at"`
	Key    string `json:"key"`
	SIRET  string `json:"siret"`
	Reason string `json:"reason"`
	Why    string `json:"why"`
}

// A payloadVector is a payload too large for a file: octet i of a part is i mod 251.
type payloadVector struct {
	PayloadKey string   `json:"payloadKey"`
	Salt       string   `json:"salt"`
	ID         string   `json:"id"`
	Sizes      []int    `json:"sizes"`
	Hashes     []string `json:"hashes"`
	Commitment string   `json:"commitment"`
	Size       int64    `json:"size"`
	SHA256     string   `json:"sha256"`
}

type receiptVector struct {
	File     string `json:"file"`
	SHA256   string `json:"sha256"`
	Of       string `json:"of"` // the pli
	At       string `json:"at"`
	JSON     string `json:"json"`
	Verdict  string `json:"verdict"`
	Stamped  string `json:"stamped"`
	Expected string `json:"expected"` // "valid", or a reason
}

func hexSum(b []byte) string { s := sha256.Sum256(b); return hex.EncodeToString(s[:]) }

func patterned(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i % 251)
	}
	return b
}

var vectorIdentities = map[string]func(*cast) *pkitest.Identity{
	"b": func(c *cast) *pkitest.Identity { return c.b },
	"c": func(c *cast) *pkitest.Identity { return c.c },
	"d": func(c *cast) *pkitest.Identity { return c.d },
}

func TestVectorsUpdate(t *testing.T) {
	if !*update {
		t.Skip("writes testdata; only with -update")
	}
	cryptotest.SetGlobalRandom(t, 1)
	require.NoError(t, os.RemoveAll(vectorDir))
	require.NoError(t, os.MkdirAll(filepath.Join(vectorDir, "refused"), 0o755))
	w := theCast()
	write := func(name string, b []byte) {
		require.NoError(t, os.WriteFile(filepath.Join(vectorDir, name), b, 0o644))
	}
	write("root.pem", w.root.PEM())
	for name, id := range vectorIdentities {
		write(name+".pem", id(w).PEM())
		write(name+".key.pem", id(w).KeyPEM())
	}
	v := vectors{Note: "Keys and plis for tests. docs/pli.md says how to use them. Nobody must ever trust root.pem."}
	at := craftTime.Add(time.Hour).Format(time.RFC3339)
	for _, a := range []struct {
		name string
		k    func(*craft)
	}{
		{"two", func(*craft) {}},
		{"empty", func(k *craft) { k.parts, k.names = [][]byte{{}}, []string{"vide"} }},
		{"chunks", func(k *craft) { k.parts[0] = patterned(2 * chunkSize) }},
		{"index-fills-chunk", func(k *craft) { k.parts[0] = patterned(chunkSize - 32) }},
		{"every-member", func(k *craft) {
			k.manifest = func(m *Manifest) {
				m.Profile, m.Purpose, m.Sequence, m.Previous = "lre-1", `Contrôle de "légalité" \ €`, 7, &Hash{1, 2, 3}
				m.InReplyTo, m.Conversation = "01234567-89ab-7cde-8f01-000000000001", "01234567-89ab-7cde-8f01-000000000002"
			}
		}},
		{"other-spelling", func(k *craft) { k.json = replace(`"profile":`, "\n\t\"profile\" : ") }},
		{"addendum", func(k *craft) {
			k.to = append(k.to, w.d)
			k.content = func(c *capsuleContent) {
				a := &Addendum{Version: 1, ID: k.id, Manifest: must(ManifestDigest(c.manifest)), Recipients: []SIRET{siretD}, Created: craftTime.Add(time.Minute)}
				c.addenda = [][]byte{k.sign(t, addendumType, a.marshal())}
			}
			k.header = func(h *Header) { h.Recipients = append(slices.Clone(h.Recipients), siretD) }
		}},
	} {
		k := newCraft()
		a.k(k)
		pli := k.build(t)
		write(a.name+".pli", pli)
		v.Accepted = append(v.Accepted, describe(t, a.name+".pli", pli, k, at))
	}
	cases := refusals()
	for _, name := range slices.Sorted(mapKeys(cases)) {
		test := cases[name]
		if test.o != nil {
			continue
		}
		k := newCraft()
		test.change(k)
		pli := k.build(t)
		if len(pli) > 64<<10 {
			continue
		}
		key := "b"
		if test.id != nil {
			key = "d"
		}
		file := "refused/" + strings.NewReplacer(" ", "-", ",", "", "'", "").Replace(name) + ".pli"
		write(file, pli)
		v.Refused = append(v.Refused, refusedVector{file, hexSum(pli), at, key, string(map[string]SIRET{"b": siretB, "d": siretD}[key]), Reason(test.reason), name})
	}
	for _, sizes := range [][]int{{0}, {16384}, {LeafSize}, {LeafSize + 1, 0, 5}, {3*LeafSize - 1, 1}, {5 * LeafSize}} {
		v.Payloads = append(v.Payloads, payloadOf(t, sizes))
	}
	v.Receipts = vectorReceipts(t, write, at)
	b, err := json.MarshalIndent(v, "", " ")
	require.NoError(t, err)
	write("vectors.json", append(b, '\n'))
}

func mapKeys[V any](m map[string]V) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func describe(t testing.TB, file string, pli []byte, k *craft, at string) vector {
	t.Helper()
	v := vector{File: file, SHA256: hexSum(pli), At: at, PayloadKey: hex.EncodeToString(k.key[:])}
	var r *reading
	for _, name := range []string{"b", "c", "d"} {
		id := vectorIdentities[name](theCast())
		if slices.Contains(k.to, id) {
			v.Keys = append(v.Keys, name)
			s, _ := SIRETOf(id.Certificate)
			v.SIRETs = append(v.SIRETs, string(s))
			r = &reading{ctx: t.Context(), src: bytes.NewReader(pli), size: int64(len(pli)), identities: identityOf(id), o: readingNow()}
			require.NoError(t, r.options())
			require.NoError(t, r.run(openSteps))
		}
	}
	payload := pli[r.c.payloadAt():]
	v.Salt, v.Commitment = hex.EncodeToString(payload[:saltSize]), hex.EncodeToString(payload[saltSize:payloadHead])
	v.RIDigest, v.Header, v.Manifest, v.Digest = r.content.riDigest.String(), string(r.header.marshal()), string(r.signed.content), r.signed.digest().String()
	for i := range k.parts {
		v.Contents = append(v.Contents, hex.EncodeToString(k.parts[i]))
		v.Salted = append(v.Salted, r.manifest.Parts[i].Salted().String())
	}
	for _, a := range r.addenda {
		v.Addenda = append(v.Addenda, string(a.marshal()))
	}
	return v
}

func payloadOf(t testing.TB, sizes []int) payloadVector {
	t.Helper()
	var parts [][]byte
	for _, n := range sizes {
		parts = append(parts, patterned(n))
	}
	k := newCraft()
	k.parts, k.names = parts, make([]string, len(parts))
	for i := range k.names {
		k.names[i] = string(rune('a' + i))
	}
	v := payloadVector{PayloadKey: hex.EncodeToString(k.key[:]), Salt: hex.EncodeToString(bytes.Repeat([]byte{9}, saltSize)), ID: string(k.id), Sizes: sizes}
	k.payload = func(b []byte) []byte {
		v.Size, v.SHA256, v.Commitment = int64(len(b)), hexSum(b), hex.EncodeToString(b[saltSize:payloadHead])
		return b
	}
	k.manifest = func(m *Manifest) {
		for _, p := range m.Parts {
			v.Hashes = append(v.Hashes, p.Hash.String())
		}
	}
	k.build(t)
	return v
}

func vectorReceipts(t *testing.T, write func(string, []byte), at string) (all []receiptVector) {
	pli, err := os.ReadFile(filepath.Join(vectorDir, "two.pli"))
	require.NoError(t, err)
	m, err := Open(t.Context(), bytes.NewReader(pli), int64(len(pli)), identityOf(theCast().b), readingNow())
	require.NoError(t, err)
	write("two.manifest.der", m.SignedManifest)
	refusal := receiptOptions()
	refusal.Verdict, refusal.Reason = Refused, "mauvais-service"
	unstamped := m
	for _, r := range []struct {
		name, expected string
		make           func() []byte
	}{
		{"accepted", "valid", func() []byte { return must(m.Receipt(t.Context(), receiptOptions())) }},
		{"refused", "valid", func() []byte { return must(m.Receipt(t.Context(), refusal)) }},
		{"manifest-presented", "type", func() []byte { return unstamped.SignedManifest }},
	} {
		raw := r.make()
		file := "receipt-" + r.name + ".der"
		write(file, raw)
		v := receiptVector{File: file, SHA256: hexSum(raw), Of: "two.manifest.der", At: at, Expected: r.expected}
		if got, _, err := VerifyReceipt(t.Context(), raw, verifyReceiptOptions(m)); err == nil {
			v.JSON, v.Verdict, v.Stamped = string(got.marshal()), string(got.Verdict), formatTime(got.Stamped)
		}
		all = append(all, v)
	}
	return all
}

func readVectors(t testing.TB) (v vectors) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(vectorDir, "vectors.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(b, &v))
	return v
}

func readVector(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(vectorDir, name))
	require.NoError(t, err)
	return b
}

// vectorIdentity reads keys from the files, as a stranger would.
func vectorIdentity(t testing.TB, name string) []*Identity {
	t.Helper()
	certificate, _ := pem.Decode(readVector(t, name+".pem"))
	require.NotNil(t, certificate)
	c, err := x509.ParseCertificate(certificate.Bytes)
	require.NoError(t, err)
	private, _ := pem.Decode(readVector(t, name+".key.pem"))
	require.NotNil(t, private)
	key, err := x509.ParsePKCS8PrivateKey(private.Bytes)
	require.NoError(t, err)
	return []*Identity{must(NewIdentity(c, key))}
}

func vectorOptions(t testing.TB, at string, s string) OpenOptions {
	t.Helper()
	anchors, err := trust.Load(filepath.Join(vectorDir, "root.pem"))
	require.NoError(t, err)
	when, err := time.Parse(time.RFC3339, at)
	require.NoError(t, err)
	return OpenOptions{Anchors: anchors, At: when, SIRET: SIRET(s), UnsafeNoRevocation: true}
}

func TestVectorsAccepted(t *testing.T) {
	v := readVectors(t)
	require.GreaterOrEqual(t, len(v.Accepted), 7)
	for _, a := range v.Accepted {
		t.Run(a.File, func(t *testing.T) {
			pli := readVector(t, a.File)
			require.Equal(t, a.SHA256, hexSum(pli))
			require.NotEmpty(t, a.Keys)
			for i, name := range a.Keys {
				r := &reading{ctx: t.Context(), src: bytes.NewReader(pli), size: int64(len(pli)), identities: vectorIdentity(t, name), o: vectorOptions(t, a.At, a.SIRETs[i])}
				require.NoError(t, r.options())
				require.NoError(t, r.run(openSteps))
				require.Equal(t, a.Header, string(r.header.marshal()))
				require.Equal(t, a.Manifest, string(r.signed.content))
				require.Equal(t, a.Digest, r.signed.digest().String())
				require.Equal(t, a.RIDigest, r.content.riDigest.String())
				require.Equal(t, a.PayloadKey, hex.EncodeToString(r.content.payloadKey))
				require.Equal(t, a.Addenda, addendaJSON(r.addenda))
				m := r.message()
				var parts [][]byte
				for i, want := range a.Contents {
					part, err := m.Part(t.Context(), i)
					require.NoError(t, err)
					var got bytes.Buffer
					_, err = part.WriteTo(&got)
					require.NoError(t, err)
					require.Equal(t, want, hex.EncodeToString(got.Bytes()))
					require.Equal(t, a.Salted[i], m.Manifest.Parts[i].Salted().String())
					parts = append(parts, got.Bytes())
				}
				// The payload, the header and the trailer are functions of these values: written again, octet for octet.
				require.True(t, bytes.Equal(pli[r.c.payloadAt():r.c.capsuleAt()], sealAgain(t, a, m.Manifest.ID, parts)))
				require.True(t, bytes.Equal(pli[r.c.headerAt():], append(r.header.marshal(), r.c.trailer()...)))
			}
		})
	}
}

func addendaJSON(addenda []*Addendum) (all []string) {
	for _, a := range addenda {
		all = append(all, string(a.marshal()))
	}
	return all
}

func sealAgain(t testing.TB, a vector, id ID, parts [][]byte) []byte {
	t.Helper()
	key, salt := must(hex.DecodeString(a.PayloadKey)), must(hex.DecodeString(a.Salt))
	c, err := newCobblestone(key, salt, payloadContext(id))
	require.NoError(t, err)
	require.Equal(t, a.Commitment, hex.EncodeToString(c.commitment[:]))
	var out bytes.Buffer
	out.Write(salt)
	out.Write(c.commitment[:])
	s := newPayloadSealer(t.Context(), &out, c, 2)
	defer s.close()
	for _, p := range parts {
		_, err := s.part(bytes.NewReader(p), int64(len(p)))
		require.NoError(t, err)
	}
	_, err = s.finish()
	require.NoError(t, err)
	return out.Bytes()
}

func TestVectorsRefused(t *testing.T) {
	v := readVectors(t)
	require.Greater(t, len(v.Refused), 80)
	reasons := map[string]int{}
	for _, r := range v.Refused {
		t.Run(r.File, func(t *testing.T) {
			pli := readVector(t, r.File)
			require.Equal(t, r.SHA256, hexSum(pli))
			m, err := Open(t.Context(), bytes.NewReader(pli), int64(len(pli)), vectorIdentity(t, r.Key), vectorOptions(t, r.At, r.SIRET))
			if err == nil {
				err = m.Check(t.Context(), nil)
			}
			require.Equal(t, r.Reason, Reason(err), "%v", err)
			reasons[r.Reason]++
		})
	}
	for _, reason := range []string{"container", "header", "capsule", "signature", "type", "time", "mismatch", "addressee", "payload", "index", "limit", "name"} {
		require.NotZero(t, reasons[reason], reason)
	}
}

func TestVectorsPayloads(t *testing.T) {
	v := readVectors(t)
	require.NotEmpty(t, v.Payloads)
	for _, p := range v.Payloads {
		require.Equal(t, p, payloadOf(t, p.Sizes))
	}
}

func TestVectorsReceipts(t *testing.T) {
	v := readVectors(t)
	require.NotEmpty(t, v.Receipts)
	for _, r := range v.Receipts {
		raw := readVector(t, r.File)
		require.Equal(t, r.SHA256, hexSum(raw))
		o := vectorOptions(t, r.At, "")
		got, _, err := VerifyReceipt(t.Context(), raw, VerifyReceiptOptions{Manifest: readVector(t, r.Of), Anchors: o.Anchors, TimestampAnchors: o.Anchors,
			At: o.At, UnsafeNoRevocation: true})
		if r.Expected != "valid" {
			require.Equal(t, r.Expected, Reason(err))
			continue
		}
		require.NoError(t, err)
		require.Equal(t, r.JSON, string(got.marshal()))
		require.Equal(t, r.Verdict, string(got.Verdict))
		require.Equal(t, r.Stamped, formatTime(got.Stamped))
	}
}

// Used by the fuzz targets.

func vectorReading(t testing.TB, pli []byte) *reading {
	t.Helper()
	r := &reading{ctx: context.Background(), src: bytes.NewReader(pli), size: int64(len(pli)), identities: vectorIdentity(t, "c"),
		o: vectorOptions(t, craftTime.Add(time.Hour).Format(time.RFC3339), string(siretC))}
	require.NoError(t, r.options())
	require.NoError(t, r.run(openSteps))
	return r
}

func vectorContent(t testing.TB, pli []byte) *signedStatement { return vectorReading(t, pli).signed }

func openVector(t testing.TB, pli []byte) (*Message, error) {
	t.Helper()
	m, err := Open(t.Context(), bytes.NewReader(pli), int64(len(pli)), vectorIdentity(t, "c"), vectorOptions(t, craftTime.Add(time.Hour).Format(time.RFC3339), string(siretC)))
	if err != nil {
		return nil, err
	}
	return m, m.Check(t.Context(), nil)
}
