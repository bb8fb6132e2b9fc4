package cades

import (
	"fmt"
	"mime"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cadre-confiance/confiance/internal/cms"
	"github.com/cadre-confiance/confiance/internal/der"
)

// oidTitle is id-at-title of X.520 §6.4.3, the function of a person: what a claimed role is.
var oidTitle = der.MustOID("2.5.4.12")

// attributes are the signed attributes besides content-type, message-digest and signing-certificate-v2: EN 319 122-1 §6.3.
func (o *Options) attributes() ([]cms.Attribute, error) {
	list := make([]cms.Attribute, 0, 6)
	if !o.OmitTime {
		list = append(list, cms.SigningTime(o.Time))
	}
	var err error
	add := func(of der.OID, write func(*Options, *cryptobyte.Builder) error) {
		var b cryptobyte.Builder
		if err == nil {
			err = write(o, &b)
		}
		if value, failed := b.Bytes(); err == nil && failed == nil {
			list = append(list, cms.NewAttribute(of, value))
		}
	}
	if o.MIMEType != "" {
		add(cms.OIDMIMEType, (*Options).addMIMEType)
	}
	if o.Commitment != "" {
		add(cms.OIDCommitmentType, (*Options).addCommitment)
	}
	if o.Location != nil {
		add(cms.OIDSignerLocation, (*Options).addLocation)
	}
	if len(o.Roles) > 0 {
		add(cms.OIDSignerAttributesV2, (*Options).addRoles)
	}
	return list, err
}

// addMIMEType writes MimeType ::= UTF8String.
func (o *Options) addMIMEType(b *cryptobyte.Builder) error {
	if _, _, err := mime.ParseMediaType(o.MIMEType); err != nil {
		return fmt.Errorf("%w: MIMEType %q: %w", ErrOptions, o.MIMEType, err)
	}
	return addText(b, "MIMEType", o.MIMEType)
}

// addCommitment writes CommitmentTypeIndication ::= SEQUENCE { commitmentTypeId, qualifiers OPTIONAL }.
func (o *Options) addCommitment(b *cryptobyte.Builder) error {
	id, err := der.ParseOID(o.Commitment)
	if err != nil {
		return fmt.Errorf("%w: Commitment: %w", ErrOptions, err)
	}
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { der.AddOID(b, id) })
	return nil
}

// addLocation writes SignerLocation ::= SEQUENCE { [0] country, [1] locality, [2] postalAddress }, each EXPLICIT and OPTIONAL.
func (o *Options) addLocation(b *cryptobyte.Builder) (err error) {
	p := o.Location
	if p.Country == "" && p.Locality == "" && len(p.PostalAddress) == 0 {
		return fmt.Errorf("%w: Location is empty", ErrOptions)
	}
	if len(p.PostalAddress) > 6 {
		return fmt.Errorf("%w: PostalAddress has %d lines, not six at most", ErrOptions, len(p.PostalAddress))
	}
	explicit := func(n uint8) asn1.Tag { return asn1.Tag(n).ContextSpecific().Constructed() }
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		for n, text := range []string{p.Country, p.Locality} {
			if text != "" && err == nil {
				b.AddASN1(explicit(uint8(n)), func(b *cryptobyte.Builder) { err = addText(b, "Location", text) })
			}
		}
		if len(p.PostalAddress) == 0 {
			return
		}
		b.AddASN1(explicit(2), func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { addTexts(b, "PostalAddress", p.PostalAddress, &err) })
		})
	})
	return err
}

// addRoles writes SignerAttributeV2 ::= SEQUENCE { claimedAttributes [0] EXPLICIT SEQUENCE OF Attribute }.
func (o *Options) addRoles(b *cryptobyte.Builder) (err error) {
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.Tag(0).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
				for _, role := range o.Roles {
					b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
						der.AddOID(b, oidTitle)
						b.AddASN1(asn1.SET, func(b *cryptobyte.Builder) { addTexts(b, "Roles", []string{role}, &err) })
					})
				}
			})
		})
	})
	return err
}

func addTexts(b *cryptobyte.Builder, what string, texts []string, err *error) {
	for _, text := range texts {
		if *err == nil {
			*err = addText(b, what, text)
		}
	}
}

// addText writes a UTF8String, the form of DirectoryString that new data has (RFC 5280 §4.1.2.4).
func addText(b *cryptobyte.Builder, what, text string) error {
	if text == "" || !utf8.ValidString(text) {
		return fmt.Errorf("%w: %s has a text that is empty or not UTF-8", ErrOptions, what)
	}
	b.AddASN1(asn1.UTF8String, func(b *cryptobyte.Builder) { b.AddBytes([]byte(text)) })
	return nil
}
