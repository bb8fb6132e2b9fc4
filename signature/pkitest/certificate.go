package pkitest

import (
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cadre-confiance/confiance/internal/pkix"
)

// certificate is what is decided about a certificate before it is written.
type certificate struct {
	serial            []byte
	algorithm         []byte
	issuer, subject   []byte
	notBefore, notEnd time.Time
	spki              []byte
	extensions        []extension
}

// tbs writes the TBSCertificate: RFC 5280 §4.1.
func (c *certificate) tbs() []byte {
	var list [][]byte
	for _, e := range c.extensions {
		list = append(list, e.marshal())
	}
	parts := [][]byte{
		explicit(0, smallInteger(2)),
		integer(c.serial),
		c.algorithm,
		c.issuer,
		sequence(validityTime(c.notBefore), validityTime(c.notEnd)),
		c.subject,
		c.spki,
	}
	if len(list) > 0 {
		parts = append(parts, explicit(3, sequence(list...)))
	}
	return sequence(parts...)
}

func (e extension) marshal() []byte {
	if e.critical {
		return sequence(oid(e.oid), boolean(true), octets(e.value))
	}
	return sequence(oid(e.oid), octets(e.value))
}

// amend applies Extension, Without and Critical to the extensions that an object has by default.
func (s *spec) amend(list []extension) []extension {
	for _, e := range s.extensions {
		i := slices.IndexFunc(list, func(x extension) bool { return x.oid == e.oid })
		if i < 0 {
			list = append(list, e)
		} else {
			list[i] = e
		}
	}
	list = slices.DeleteFunc(list, func(e extension) bool { return s.without[e.oid] })
	for i := range list {
		if critical, ok := s.critical[list[i].oid]; ok {
			list[i].critical = critical
		}
	}
	return list
}

// keyID is method 1 of RFC 7093 §2: the leftmost 160 bits of the SHA-256 of the key octets.
func keyID(spki []byte) []byte {
	sum := sha256.Sum256(keyBits(spki))
	return sum[:20]
}

// keyBits is the content of the subjectPublicKey BIT STRING, or the whole of what is no SubjectPublicKeyInfo.
func keyBits(spki []byte) []byte {
	input := cryptobyte.String(spki)
	var info cryptobyte.String
	var bits []byte
	if input.ReadASN1(&info, asn1.SEQUENCE) && info.SkipASN1(asn1.SEQUENCE) && info.ReadASN1BitStringAsBytes(&bits) {
		return bits
	}
	return spki
}

// certificateExtensions are those of the profile, in a usual order. issuer is nil for a root.
func (p *PKI) certificateExtensions(s *spec, name string, spki, issuerKeyID []byte, issuer *Authority) []extension {
	kind := profiles[s.usage]
	isCA := s.usage == issuing
	if s.isCA != nil {
		isCA = *s.isCA
	}
	var list []extension
	add := func(oid string, critical bool, value []byte) { list = append(list, extension{oid, critical, value}) }

	if s.usage == issuing || s.isCA != nil {
		constraint := [][]byte{}
		if isCA {
			constraint = append(constraint, boolean(true))
			if s.pathLen != nil && *s.pathLen >= 0 {
				constraint = append(constraint, smallInteger(int64(*s.pathLen)))
			}
		}
		add(OIDBasicConstraints, true, sequence(constraint...))
	}
	bits := uint16(kind.keyUsage)
	if !isRSA(spki) && kind.keyUsageEC != 0 {
		bits = uint16(kind.keyUsageEC)
	}
	if s.keyUsage != nil {
		bits = *s.keyUsage
	}
	add(OIDKeyUsage, true, namedBits(uint32(bits)))

	purposes := kind.extKeyUsage
	if s.extKeyUsage != nil {
		purposes = s.extKeyUsage
	}
	if len(purposes) > 0 {
		add(OIDExtKeyUsage, kind.ekuCritical, oids(purposes, nil))
	}
	add(OIDSubjectKeyIdentifier, false, octets(keyID(spki)))
	add(OIDAuthorityKeyIdentifier, false, sequence(implicit(0, issuerKeyID)))

	policies := s.policies
	if policies == nil {
		number := 0
		if s.usage != issuing {
			number = int(s.usage) + 1
		}
		policies = []string{PolicyPrefix + strconv.Itoa(number)}
	}
	if len(policies) > 0 {
		add(OIDCertificatePolicies, false, oids(policies, func(o []byte) []byte { return sequence(o) }))
	}
	if names := s.alternativeNames(name); len(names) > 0 {
		add(OIDSubjectAltName, false, sequence(names...))
	}
	if len(s.statements) > 0 {
		add(OIDQCStatements, false, sequence(s.qcStatements()...))
	}
	switch {
	case s.usage == OCSPSigner:
		add(OIDOCSPNoCheck, false, null())
	case issuer != nil && !s.noRevocationPoint:
		add(OIDCRLDistributionPoints, false, distributionPoint(issuer.CRLURL()))
	}
	if issuer != nil && p.isServed() {
		access := [][]byte{}
		if s.usage != OCSPSigner {
			access = append(access, sequence(oid("1.3.6.1.5.5.7.48.1"), uri(issuer.OCSPURL())))
		}
		access = append(access, sequence(oid("1.3.6.1.5.5.7.48.2"), uri(issuer.CertificateURL())))
		add(OIDAuthorityInfoAccess, false, sequence(access...))
	}
	return s.amend(list)
}

func isRSA(spki []byte) bool {
	info, _, err := pkix.ParsePublicKeyInfo(spki)
	return err == nil && (info.Kind == pkix.KeyRSA || info.Kind == pkix.KeyRSAPSS)
}

// oids is a SEQUENCE OF OBJECT IDENTIFIER, each wrapped if wrap is given.
func oids(dotted []string, wrap func([]byte) []byte) []byte {
	var list [][]byte
	for _, d := range dotted {
		o := oid(d)
		if wrap != nil {
			o = wrap(o)
		}
		list = append(list, o)
	}
	return sequence(list...)
}

// uri is a GeneralName of form uniformResourceIdentifier.
func uri(u string) []byte { return implicit(6, []byte(u)) }

func distributionPoint(u string) []byte {
	return sequence(sequence(explicit(0, explicit(0, uri(u)))))
}

// alternativeNames are the GeneralNames of subjectAltName. A TLS server without any is reached by its name.
func (s *spec) alternativeNames(name string) [][]byte {
	var list [][]byte
	dns := s.dns
	ips := s.ips
	if s.usage == ServerAuth && len(s.dns)+len(s.ips) == 0 {
		if ip := net.ParseIP(name); ip != nil {
			ips = []net.IP{ip}
		} else {
			dns = []string{name}
		}
	}
	for _, email := range s.emails {
		list = append(list, implicit(1, []byte(email)))
	}
	for _, d := range dns {
		list = append(list, implicit(2, []byte(d)))
	}
	for _, ip := range ips {
		if v4 := ip.To4(); v4 != nil {
			ip = v4
		}
		list = append(list, implicit(7, ip))
	}
	return list
}

// qcStatements adds the type that goes with the usage: EN 319 412-5 §4.2.3.
func (s *spec) qcStatements() [][]byte {
	kind := "0.4.0.1862.1.6.1"
	switch s.usage {
	case Seal:
		kind = "0.4.0.1862.1.6.2"
	case ServerAuth:
		kind = "0.4.0.1862.1.6.3"
	}
	return append(slices.Clone(s.statements), sequence(oid("0.4.0.1862.1.6"), sequence(oid(kind))))
}

// serialFor draws 16 octets: positive, of constant length, with 126 bits of chance (RGS A4 II.1.1: unpredictable).
func (p *PKI) serialFor(path string) []byte {
	serial := make([]byte, 16)
	io.ReadFull(p.stream("serial", path), serial)
	serial[0] = serial[0]&0x7f | 0x40
	return serial
}

// An AttributeValue is one attribute of a distinguished name: an OID and its text. Tag is PrintableString for countryName
// and serialNumber, UTF8String otherwise, unless given.
type AttributeValue struct {
	OID   string
	Value string
	Tag   asn1.Tag
}

// OIDs of attributes of names: X.520.
const (
	OIDCommonName             = "2.5.4.3"
	OIDSurname                = "2.5.4.4"
	OIDSerialNumber           = "2.5.4.5"
	OIDCountryName            = "2.5.4.6"
	OIDOrganizationName       = "2.5.4.10"
	OIDOrganizationalUnitName = "2.5.4.11"
	OIDGivenName              = "2.5.4.42"
	OIDPseudonym              = "2.5.4.65"
	OIDOrganizationIdentifier = "2.5.4.97"
)

// Name writes a DER Name of one attribute per RDN, for [RawSubject].
func Name(attributes ...AttributeValue) []byte {
	var list [][]byte
	for _, a := range attributes {
		tag := a.Tag
		switch {
		case tag != 0:
		case a.OID == OIDCountryName || a.OID == OIDSerialNumber:
			tag = asn1.PrintableString
		default:
			tag = asn1.UTF8String
		}
		list = append(list, set(sequence(oid(a.OID), element(tag, []byte(a.Value)))))
	}
	return sequence(list...)
}

// subjectName is the distinguished name of RGS A4 VII: country, organisation, its number, then who.
func (s *spec) subjectName(name string) []byte {
	if s.subject != nil {
		return s.subject
	}
	var list []AttributeValue
	add := func(oid, value string) {
		if value != "" {
			list = append(list, AttributeValue{OID: oid, Value: value})
		}
	}
	add(OIDCountryName, s.country)
	add(OIDOrganizationName, s.organization)
	if s.siret != "" {
		add(OIDOrganizationalUnitName, "0002 "+s.siret)
		if profiles[s.usage].orgID {
			add(OIDOrganizationIdentifier, "NTRFR-"+s.siret)
		}
	}
	for _, unit := range s.units {
		add(OIDOrganizationalUnitName, unit)
	}
	add(OIDGivenName, s.given)
	add(OIDSurname, s.surname)
	if s.pseudonym != "" {
		add(OIDPseudonym, s.pseudonym)
	}
	add(OIDCommonName, name)
	return Name(list...)
}

// publicInfo is the SubjectPublicKeyInfo asked for, and the key if there is one.
func (p *PKI) publicInfo(s *spec, id *Identity) {
	if s.spki != nil {
		id.spki = s.spki
		return
	}
	id.Key, id.keyType = s.key, s.keyType
	if id.Key == nil {
		id.Key = p.newKey(s.keyType, id.path)
	} else {
		id.keyType = typeOf(s.key)
	}
	id.pss, id.restriction = keyTypes[id.keyType].pss, s.restriction
	info, err := publicKeyInfo(id.Key.Public(), id.pss, id.restriction)
	if err != nil {
		panic(fmt.Sprintf("pkitest: %v", err))
	}
	id.spki = info
}
