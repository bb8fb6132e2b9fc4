package limits

// Bounds of signature/cades.
const (
	// CAdESCounterDepth is how deep counter-signatures may nest. A signature, the seal that countersigns it and an archive's on
	// top of that make 2.
	CAdESCounterDepth = 8
)
