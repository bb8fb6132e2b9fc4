package limits

// Bounds of the sealed envelope (docs/pli.md). They belong to the format: a writer refuses what a reader would.
const (
	PliCapsule    = 8 << 20 // octets of the capsule
	PliManifest   = 4 << 20 // octets of the manifest's JSON
	PliHeader     = 64 << 10
	PliAddenda    = 100
	PliAddendum   = 64 << 10 // octets of one addendum, SignedData included
	PliReceipt    = 8 << 20  // octets of a receipt: 10,000 parts, a chain and a timestamp
	PliParts      = 10_000
	PliRecipients = 1_000
	PliSize       = 1 << 40 // sum of the parts
	PliJSONDepth  = 8       // the outermost value is at depth 1
	PliInteger    = 1<<53 - 1

	PliName      = 1_000 // octets of a part's name
	PliElement   = 255   // octets of one element of it
	PliElements  = 32
	PliMediaType = 127
	PliPurpose   = 1_000
	PliProfile   = 64
	PliCerts     = 32 // certificates in a manifest's, an addendum's or a receipt's SignedData

	PliDays = 400 // longest time between created and notAfter
	PliSkew = 10  // minutes of disagreement between two clocks
)
