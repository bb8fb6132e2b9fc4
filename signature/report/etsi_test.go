package report_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/xml"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature/facts"
	"github.com/cadre-confiance/confiance/signature/report"
)

// A node of an ETSI report.
type node struct {
	Name       string
	Space      string
	Attributes map[string]string
	Text       string
	Children   []*node
}

func tree(t testing.TB, s string) *node {
	t.Helper()
	root := &node{}
	stack := []*node{root}
	for decoder := xml.NewDecoder(strings.NewReader(s)); ; {
		token, err := decoder.Token()
		if err == io.EOF {
			require.Len(t, stack, 1)
			return root
		}
		require.NoError(t, err)
		top := stack[len(stack)-1]
		switch token := token.(type) {
		case xml.StartElement:
			n := &node{Name: token.Name.Local, Space: token.Name.Space, Attributes: map[string]string{}}
			for _, a := range token.Attr {
				n.Attributes[a.Name.Local] = a.Value
			}
			top.Children = append(top.Children, n)
			stack = append(stack, n)
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			top.Text += strings.TrimSpace(string(token))
		}
	}
}

// find returns the nodes at a path below n.
func (n *node) find(path ...string) (found []*node) {
	if len(path) == 0 {
		return []*node{n}
	}
	for _, c := range n.Children {
		if c.Name == path[0] {
			found = append(found, c.find(path[1:]...)...)
		}
	}
	return found
}

func (n *node) walk(visit func(*node)) {
	visit(n)
	for _, c := range n.Children {
		c.walk(visit)
	}
}

// references checks that identifiers are unique XML names and that each reference names one.
func references(t testing.TB, s string) *node {
	t.Helper()
	root := tree(t, s)
	ids := map[string]bool{}
	root.walk(func(n *node) {
		if id := n.Attributes["id"]; id != "" {
			require.False(t, ids[id], "%s twice", id)
			require.Regexp(t, `^[A-Z][A-Za-z0-9.-]*$`, id)
			ids[id] = true
		}
	})
	root.walk(func(n *node) {
		if reference, ok := n.Attributes["VOReference"]; ok {
			require.True(t, ids[reference], "%s is referred to and not there", reference)
		}
	})
	return root
}

func TestETSI(t *testing.T) {
	for name, s := range scenes(t) {
		for variant, o := range variants(s) {
			r := report.New(s.Facts, &s.Conclusion, o)
			root := references(t, written(t, r, forms[3]))
			reports := root.find("ValidationReport", "SignatureValidationReport")
			require.Equal(t, "http://uri.etsi.org/19102/v1.4.1#", root.Children[0].Space)
			if len(r.Signatures) == 0 {
				require.Len(t, reports, 1)
				require.Equal(t, "urn:cef:dss:mainindication:noSignatureFound", reports[0].find("SignatureValidationStatus", "MainIndication")[0].Text, name)
				continue
			}
			require.Len(t, reports, len(r.Signatures))
			for i, one := range reports {
				c := s.Conclusion.Signatures[i]
				require.Equal(t, c.Indication.URI(), one.find("SignatureValidationStatus", "MainIndication")[0].Text, "%s %s", name, variant)
				subs := one.find("SignatureValidationStatus", "SubIndication")
				if c.SubIndication == "" {
					require.Empty(t, subs)
				} else {
					require.Equal(t, c.SubIndication.URI(), subs[0].Text)
				}
				n := 0
				for _, b := range c.Blocks {
					n += len(b.Checks)
				}
				require.Len(t, one.find("ValidationConstraintsEvaluationReport", "ValidationConstraint"), n, "every check is a constraint")
				value := one.find("SignatureIdentifier", "SignatureValue")
				require.Equal(t, base64.StdEncoding.EncodeToString(s.Facts.Signatures[i].Value), value[0].Text)
				digest := sha256.Sum256(s.Facts.Signatures[i].ToBeSigned)
				require.Equal(t, base64.StdEncoding.EncodeToString(digest[:]), one.find("SignatureIdentifier", "DigestAlgAndValue", "DigestValue")[0].Text)
			}
		}
	}
}

// What a valid timestamp proves is said: the signature by the digest of its value, the data by its object.
func TestETSIProofs(t *testing.T) {
	s := scenes(t)["valid"]
	root := references(t, written(t, french(s), forms[3]))
	objects := root.find("ValidationReport", "SignatureValidationObjects", "ValidationObject")
	kinds := map[string]int{}
	for _, o := range objects {
		kinds[strings.TrimPrefix(o.find("ObjectType")[0].Text, "urn:etsi:019102:validationObject:")]++
	}
	require.Equal(t, map[string]int{"certificate": 4, "signedData": 1, "timestamp": 1}, kinds)
	i := slices.IndexFunc(objects, func(n *node) bool { return n.Attributes["id"] == "S-1-T1" })
	proved := objects[i].find("POEProvisioning")
	require.Len(t, proved, 1)
	require.Equal(t, "2026-03-02T11:01:00Z", proved[0].find("POETime")[0].Text)
	digest := sha256.Sum256(s.Facts.Signatures[0].Value)
	require.Equal(t, base64.StdEncoding.EncodeToString(digest[:]), proved[0].find("SignatureReference", "DigestValue")[0].Text)
	require.Equal(t, "D-S-1", proved[0].find("ValidationObject")[0].Attributes["VOReference"])
	best := root.find("ValidationReport", "SignatureValidationReport", "ValidationTimeInfo", "BestSignatureTime")[0]
	require.Equal(t, "S-1-T1", best.find("POEObject")[0].Attributes["VOReference"])

	wrong := references(t, written(t, french(scenes(t)["wrong-timestamp"]), forms[3]))
	wrong.walk(func(n *node) { require.NotEqual(t, "POEProvisioning", n.Name, "a wrong timestamp proves nothing") })
}

// Certificates are whole when details are asked, and digests otherwise or without names.
func TestETSICertificates(t *testing.T) {
	s := scenes(t)["valid"]
	whole := base64.StdEncoding.EncodeToString(s.Facts.Certificates[0].Raw)
	for _, r := range []struct {
		options report.Options
		whole   bool
	}{{report.Options{}, false}, {report.Options{Detailed: true}, true}, {report.Options{Detailed: true, Redact: true}, false}} {
		got := written(t, report.New(s.Facts, &s.Conclusion, r.options), forms[3])
		require.Equal(t, r.whole, strings.Contains(got, whole))
	}
}

// Attributes that name a policy or a commitment are reported by their identifier, and broken ones left alone.
func TestETSIAttributes(t *testing.T) {
	const policy, commitment = "1.2.840.113549.1.9.16.2.15", "1.2.840.113549.1.9.16.2.16"
	s := scenes(t)["valid"]
	attributes := s.Facts.Signatures[0].SignedAttributes
	for _, r := range []struct {
		oid, element, child string
		value               []byte
		want                string
	}{
		{policy, "SigPolicyIdentifier", "SigPolicyId", []byte{0x30, 5, 6, 3, 0x2a, 3, 4}, "urn:oid:1.2.3.4"},
		{commitment, "CommitmentTypeIndication", "CommitmentTypeIdentifier", []byte{0x30, 5, 6, 3, 0x2a, 3, 4}, "urn:oid:1.2.3.4"},
		{policy, "SigPolicyIdentifier", "SigPolicyId", []byte{0x30, 5, 6, 4, 0x2a, 3, 4}, ""},
		{policy, "SigPolicyIdentifier", "SigPolicyId", []byte{0x30, 5, 6, 3, 0x2a, 3, 0x84}, ""},
		{policy, "SigPolicyIdentifier", "SigPolicyId", []byte{0x31, 5, 6, 3, 0x2a, 3, 4}, ""},
		{policy, "SigPolicyIdentifier", "SigPolicyId", []byte{0x30}, ""},
		{policy, "SigPolicyIdentifier", "SigPolicyId", nil, ""},
	} {
		s.Facts.Signatures[0].SignedAttributes = append(slices.Clone(attributes), facts.Attribute{OID: r.oid, Values: [][]byte{r.value}})
		got := references(t, written(t, french(s), forms[3])).find("ValidationReport", "SignatureValidationReport", "SignatureAttributes", r.element, r.child)
		if r.want == "" {
			require.Empty(t, got, "%x", r.value)
			continue
		}
		require.Len(t, got, 1)
		require.Equal(t, r.want, got[0].Text)
	}
}
