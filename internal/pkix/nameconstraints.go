package pkix

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/limits"
)

// The forms of a GeneralName (RFC 5280 §4.2.1.6), by their context tag.
const (
	FormEmail     = 1
	FormDNS       = 2
	FormDirectory = 4
	FormURI       = 6
	FormAddress   = 7
)

// A GeneralName is one alternative name: its form, and its content octets (for a directory name, the DER of the Name).
type GeneralName struct {
	Form  int
	Value []byte
}

// NameConstraints is the extension of that name (RFC 5280 §4.2.1.10).
type NameConstraints struct {
	Permitted, Excluded []GeneralName
}

// Errors of name constraints.
var (
	// ErrNameConstraints is matched by the error of constraints that cannot be read, or that this package cannot evaluate
	// against the names of a certificate. RFC 5280 §4.2 says to refuse then.
	ErrNameConstraints = errors.New("pkix: name constraints cannot be evaluated")
	// ErrNameNotPermitted is matched by the error of a certificate whose names the constraints forbid.
	ErrNameNotPermitted = errors.New("pkix: a name is outside the name constraints of an issuer")
)

// NameConstraintsOf returns the constraints that a certificate sets on those below it, or nil when it sets none.
func NameConstraintsOf(c *Certificate) (*NameConstraints, error) {
	for _, e := range c.Extensions {
		if e.OID == OIDNameConstraints {
			return ParseNameConstraints(e.Value)
		}
	}
	return nil, nil
}

// ParseNameConstraints reads the value of the extension.
func ParseNameConstraints(value []byte) (*NameConstraints, error) {
	input := cryptobyte.String(value)
	var sequence cryptobyte.String
	if !input.ReadASN1(&sequence, asn1.SEQUENCE) || !input.Empty() || sequence.Empty() {
		return nil, fmt.Errorf("%w: not a NameConstraints", ErrNameConstraints)
	}
	var out NameConstraints
	for i, subtrees := range []*[]GeneralName{&out.Permitted, &out.Excluded} {
		var list cryptobyte.String
		var present bool
		if !sequence.ReadOptionalASN1(&list, &present, asn1.Tag(i).ContextSpecific().Constructed()) {
			return nil, fmt.Errorf("%w: not a NameConstraints", ErrNameConstraints)
		}
		for present && !list.Empty() {
			var subtree cryptobyte.String
			var base GeneralName
			if len(*subtrees) == limits.ExtensionItems || !list.ReadASN1(&subtree, asn1.SEQUENCE) || !readGeneralName(&subtree, &base) {
				return nil, fmt.Errorf("%w: a subtree cannot be read", ErrNameConstraints)
			}
			if !subtree.Empty() { // minimum other than 0, or a maximum: RFC 5280 §4.2.1.10 forbids both
				return nil, fmt.Errorf("%w: a subtree has a minimum or a maximum", ErrNameConstraints)
			}
			*subtrees = append(*subtrees, base)
		}
	}
	if !sequence.Empty() {
		return nil, fmt.Errorf("%w: not a NameConstraints", ErrNameConstraints)
	}
	return &out, nil
}

func readGeneralName(s *cryptobyte.String, out *GeneralName) bool {
	var content cryptobyte.String
	var tag asn1.Tag
	if !s.ReadAnyASN1(&content, &tag) || byte(tag)&0xc0 != 0x80 {
		return false
	}
	out.Form, out.Value = int(byte(tag)&0x1f), content
	return true
}

// namesOf returns all the names of a certificate that constraints apply to: its subject, its alternative names, those of mail
// in Unicode as mail (RFC 9598 §6), and the mail addresses of its subject. RFC 5280 §4.2.1.10 asks for the last only when there
// are no alternative names; but the subject is what a reader is shown, and must not hide behind another address.
func namesOf(c *Certificate) ([]GeneralName, error) {
	var names []GeneralName
	for _, e := range c.Extensions {
		if e.OID != OIDSubjectAltName {
			continue
		}
		input := cryptobyte.String(e.Value)
		var list cryptobyte.String
		if !input.ReadASN1(&list, asn1.SEQUENCE) || !input.Empty() {
			return nil, fmt.Errorf("%w: alternative names cannot be read", ErrNameConstraints)
		}
		for !list.Empty() {
			var name GeneralName
			if len(names) == limits.ExtensionItems || !readGeneralName(&list, &name) {
				return nil, fmt.Errorf("%w: alternative names cannot be read", ErrNameConstraints)
			}
			if name.Form == formOther {
				if err := name.readMailbox(); err != nil {
					return nil, err
				}
			}
			names = append(names, name)
		}
	}
	if len(c.RawSubject) > 2 { // an empty subject is 30 00
		names = append(names, GeneralName{Form: FormDirectory, Value: c.RawSubject})
	}
	for _, address := range c.Subject.Get(OIDEmailAddress) {
		names = append(names, GeneralName{Form: FormEmail, Value: []byte(address)})
	}
	return names, nil
}

const formOther = 0 // otherName

var oidSMTPUTF8Mailbox = der.MustOID("1.3.6.1.5.5.7.8.9")

// readMailbox turns the otherName of a mailbox in Unicode into a mail address, and leaves others as they are.
func (g *GeneralName) readMailbox() error {
	other := cryptobyte.String(g.Value)
	var id der.OID
	var explicit, address cryptobyte.String
	if !der.ReadOID(&other, &id) || id != oidSMTPUTF8Mailbox {
		return nil
	}
	if !other.ReadASN1(&explicit, contextTag(0)) || !explicit.ReadASN1(&address, asn1.UTF8String) || !explicit.Empty() || !other.Empty() {
		return fmt.Errorf("%w: a mailbox in Unicode cannot be read", ErrNameConstraints)
	}
	g.Form, g.Value = FormEmail, address
	return nil
}

// nameWork bounds how many pairs of name and subtree one check compares.
const nameWork = 1 << 16

// Check says whether every name of a certificate is inside the constraints: in a permitted subtree if there is one of its
// form, and in no excluded one (RFC 5280 §6.1.3 (b) and (c)). The error matches [ErrNameNotPermitted], or
// [ErrNameConstraints] when the certificate has a name of a constrained form that this package does not compare.
func (n *NameConstraints) Check(c *Certificate) error {
	names, err := namesOf(c)
	if err != nil {
		return err
	}
	if len(names)*(len(n.Permitted)+len(n.Excluded)) > nameWork {
		return fmt.Errorf("%w: %d names and %d subtrees", ErrNameConstraints, len(names), len(n.Permitted)+len(n.Excluded))
	}
	for _, name := range names {
		for _, base := range n.Excluded {
			if base.Form != name.Form {
				continue
			}
			within, err := base.contains(name)
			if err != nil {
				return err
			}
			if within {
				return fmt.Errorf("%w: an excluded subtree holds %s", ErrNameNotPermitted, name)
			}
		}
		constrained, permitted := false, false
		for _, base := range n.Permitted {
			if base.Form != name.Form {
				continue
			}
			within, err := base.contains(name)
			if err != nil {
				return err
			}
			constrained, permitted = true, permitted || within
		}
		if constrained && !permitted {
			return fmt.Errorf("%w: no permitted subtree holds %s", ErrNameNotPermitted, name)
		}
	}
	return nil
}

// String names the form only: the value may identify a person.
func (g GeneralName) String() string {
	switch g.Form {
	case FormEmail:
		return "a mail address"
	case FormDNS:
		return "a domain name"
	case FormDirectory:
		return "a directory name"
	case FormURI:
		return "a URI"
	case FormAddress:
		return "an IP address"
	}
	return fmt.Sprintf("a name of form %d", g.Form)
}

// contains says whether a name of the same form is in the subtree.
func (g GeneralName) contains(name GeneralName) (bool, error) {
	switch g.Form {
	case FormEmail, FormDNS, FormURI:
		// No such name has a control or a space. A reader in C stops at a zero, and shows another name than the one compared.
		if slices.ContainsFunc(name.Value, func(octet byte) bool { return octet <= ' ' || octet == 0x7f }) {
			return false, fmt.Errorf("%w: %s with a control character or a space", ErrNameConstraints, name)
		}
	}
	switch g.Form {
	case FormDirectory:
		base, ok := canonicalRDNs(g.Value)
		rdns, okName := canonicalRDNs(name.Value)
		if !ok || !okName {
			return false, fmt.Errorf("%w: a directory name cannot be read", ErrNameConstraints)
		}
		return len(base) <= len(rdns) && slices.Equal(base, rdns[:len(base)]), nil
	case FormDNS:
		return inDomain(string(name.Value), strings.TrimPrefix(string(g.Value), ".")), nil
	case FormEmail:
		return emailWithin(string(name.Value), string(g.Value))
	case FormURI:
		u, err := url.Parse(string(name.Value))
		if err != nil || u.Hostname() == "" || strings.Contains(u.Hostname(), ":") || isDigitsAndDots(u.Hostname()) {
			return false, fmt.Errorf("%w: a URI whose host is no domain name", ErrNameConstraints)
		}
		return hostWithin(u.Hostname(), string(g.Value)), nil
	case FormAddress:
		half := len(g.Value) / 2
		if half != 4 && half != 16 || len(g.Value) != 2*half {
			return false, fmt.Errorf("%w: an address range of %d octets", ErrNameConstraints, len(g.Value))
		}
		if len(name.Value) != half {
			return false, nil
		}
		masked := make([]byte, half)
		network := make([]byte, half)
		for i := range masked {
			masked[i], network[i] = name.Value[i]&g.Value[half+i], g.Value[i]&g.Value[half+i]
		}
		return bytes.Equal(masked, network), nil
	}
	return false, fmt.Errorf("%w: %s", ErrNameConstraints, name)
}

func isDigitsAndDots(host string) bool { return strings.Trim(host, "0123456789.") == "" }

// inDomain says whether a host is a domain or under it. Labels are compared whole and without regard to case; a final point
// means nothing. Every host is in the empty domain.
func inDomain(host, domain string) bool {
	host, domain = strings.ToLower(strings.TrimSuffix(host, ".")), strings.ToLower(strings.TrimSuffix(domain, "."))
	return domain == "" || host == domain || strings.HasSuffix(host, "."+domain)
}

// hostWithin follows the rule of URIs and mail hosts: a leading point means any host under the domain and not itself,
// without it the host alone (RFC 5280 §4.2.1.10).
func hostWithin(host, constraint string) bool {
	if domain, under := strings.CutPrefix(constraint, "."); under {
		return inDomain(host, domain) && !strings.EqualFold(strings.TrimSuffix(host, "."), domain)
	}
	return strings.EqualFold(strings.TrimSuffix(host, "."), strings.TrimSuffix(constraint, "."))
}

func emailWithin(address, constraint string) (bool, error) {
	at := strings.LastIndexByte(address, '@')
	if at < 1 || at == len(address)-1 {
		return false, fmt.Errorf("%w: a mail address without local part or host", ErrNameConstraints)
	}
	if local := strings.LastIndexByte(constraint, '@'); local >= 0 { // one mailbox: the local part keeps its case
		return address[:at] == constraint[:local] && strings.EqualFold(address[at+1:], constraint[local+1:]), nil
	}
	return hostWithin(address[at+1:], constraint), nil
}
