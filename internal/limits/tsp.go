package limits

// Bounds of internal/tsp.
const (
	// TimestampResponse is the longest RFC 3161 response read. A token with its chain, CRLs and OCSP responses is a few
	// tens of KiB; tokens that embed whole CRLs reach megabytes.
	TimestampResponse = 16 << 20
	// TimestampInfo is the longest TSTInfo or request read.
	TimestampInfo = 1 << 20
	// TimestampSerial is the longest serial number or nonce of a token in octets. RFC 3161 §2.4.2 says that readers must
	// be ready for 160 bits.
	TimestampSerial = 64
	// StatusStrings is how many free-text strings a response may carry.
	StatusStrings = 64
)
