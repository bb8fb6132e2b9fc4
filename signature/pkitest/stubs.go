package pkitest

type ocspSpec struct{}
type tsaSpec struct{}
type TimestampAuthority struct{}
type Responder struct{}
