package limits

// Bounds of internal/cms. The content of a SignedData flows and has no bound here; everything around it has.
const (
	// CMSDepth is how deep the parts of a message may nest around what is kept whole, content segments included.
	CMSDepth = 64
	// CMSElement is the longest certificate, revocation list or SignerInfo, attributes included, in octets. Archived
	// signatures carry revocation lists of tens of megabytes as attribute values.
	CMSElement = 64 << 20
	// CMSKept is how many octets outside the content one message may hold.
	CMSKept = 128 << 20
	// CMSSmall is the longest message that is parsed in memory, content included.
	CMSSmall = CMSKept
	// CMSSigners is how many SignerInfos one message may have.
	CMSSigners = 1000
	// CMSDigests is how many digest algorithms it may announce.
	CMSDigests = 64
	// CMSCertificates is how many certificates it may carry, and how many revocation objects.
	CMSCertificates = 4096
	// CMSAttributes is how many attributes one SignerInfo may have, signed and unsigned together.
	CMSAttributes = 1024
	// CMSAttributeValues is how many values one attribute may have.
	CMSAttributeValues = 1024
	// CMSAllAttributes is how many attributes and values all SignerInfos of a message may have together: each costs us
	// about ten times its shortest encoding.
	CMSAllAttributes = 65536
	// CMSSignature is the longest signature value, in octets. RSA of 16,384 bits takes 2,048; post-quantum values reach 50,000.
	CMSSignature = 64 << 10
	// CMSSignedAttributes is the longest set of signed attributes. They hold digests, policies and at most a few tokens.
	CMSSignedAttributes = 16 << 20
	// CMSContentHead is how many of the first octets of the content are kept, to recognise content that is a set of
	// attributes: see cms.ContentLooksLikeAttributes. Longer sets are recognised by their first elements.
	CMSContentHead = 4096
	// CMSCertificateReferences is how many certificates one signing-certificate attribute may name.
	CMSCertificateReferences = 256
)
