package limits

// Bounds of internal/der, for one element and everything in it.
const (
	// DERDepth is how deep elements may nest. A CAdES signature with archive timestamps whose tokens carry timestamps
	// stays under 40; a stack of 64 frames costs nothing.
	DERDepth = 64
	// DERElements is how many elements, primitive and constructed, one input may hold. A CRL of 200,000 entries has about
	// a million.
	DERElements = 1 << 20
	// DERSize is the longest input held in memory. Content that may be longer is streamed and never comes here.
	DERSize = 64 << 20
	// DEROID is the longest object identifier, in content octets. 2.25.UUID takes 20.
	DEROID = 128
)
