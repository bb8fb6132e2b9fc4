package pkix

import "github.com/cadre-confiance/confiance/internal/limits"

// A collector gathers anomalies while one object is read.
type collector struct {
	base      []byte // the whole object: offsets count from its start
	prefix    string // of every path
	anomalies []Anomaly
}

// offset returns where sub, a slice of base, begins. cryptobyte cuts slices without touching their capacity, which is thus
// a position.
func (c *collector) offset(sub []byte) int {
	if at := cap(c.base) - cap(sub); at >= 0 && at <= len(c.base) {
		return at
	}
	return 0
}

func (c *collector) add(code, path string, offset int, message string) {
	switch n := len(c.anomalies); {
	case n < limits.CertificateAnomalies-1:
		c.anomalies = append(c.anomalies, Anomaly{code, c.prefix + path, offset, message})
	case n == limits.CertificateAnomalies-1:
		c.anomalies = append(c.anomalies, Anomaly{CodeMore, c.prefix + path, offset, "more anomalies than are kept"})
	}
}

// at is add with the offset of a slice of the object.
func (c *collector) at(sub []byte, code, path, message string) {
	c.add(code, path, c.offset(sub), message)
}
