package validation

// A Level says what it means for a policy that a check does not hold.
type Level string

// The levels of a check.
const (
	Fail   Level = "fail"   // the block ends with the check's verdict
	Warn   Level = "warn"   // the block goes on, a reader should look
	Inform Level = "inform" // the block goes on, a reader may like to know
	Ignore Level = "ignore" // the check is not made
)

// A Status is the outcome of one check.
type Status string

// The outcomes of a check. The last three are findings.
const (
	Held        Status = "passed"
	Broken      Status = "failed"
	Warning     Status = "warning"
	Information Status = "information"
)

// A Check is one thing that was looked at, and what was found.
type Check struct {
	ID     string `json:"check"`            // one of Rules
	Clause string `json:"clause"`           // "EN 319 102-1 §5.2.6"
	Level  Level  `json:"level"`            // what the policy says of it
	Status Status `json:"status"`           // the outcome under that level
	Object string `json:"object,omitempty"` // ID of the certificate or token looked at, when not the signature itself
	// Message is what is asked when the check holds, and what is wrong when it does not.
	Message string `json:"message"`
}

// A Block is one building block of EN 319 102-1 §5.2, with its checks in the order they were made.
type Block struct {
	Name string `json:"name"` // "FC", "ISC", "VCI", "XCV", "CV", "SAV", and "LTV" for the comparison of times of §5.5
	Verdict
	Checks []Check `json:"checks,omitempty"`
}

// builder makes one block. The verdict is that of the first check of level fail that does not hold; the checks after it are
// made all the same where they make sense, since the reader of a report wants to know all that is wrong.
type builder struct {
	Block
	policy      *Policy
	scope       scope
	failures    []failure         // what is Broken, in order
	revocations []revocationCheck // of XCV: the signer's certificate first
}

// A failure is a check of level fail that did not hold.
type failure struct {
	rule   *Rule
	object string
	Verdict
}

// usual is how many checks the larger blocks have.
var usual = map[string]int{"XCV": 40, "SAV": 12, "FC": 2, "ISC": 4, "VCI": 1, "CV": 3, "LTV": 4}

func (p *Policy) block(name string, s scope) *builder {
	return &builder{
		Block:  Block{Name: name, Verdict: Verdict{Indication: Passed}, Checks: make([]Check, 0, usual[name])},
		policy: p, scope: s,
	}
}

// holds records that a check was made and held.
func (b *builder) holds(r *Rule, object string) {
	if level := b.policy.level(r, b.scope); level != Ignore {
		b.Checks = append(b.Checks, Check{r.ID, r.Clause, level, Held, object, r.Asks})
	}
}

// breaks records that a check did not hold, and why. It reports whether the block goes on regardless.
func (b *builder) breaks(r *Rule, object, message string) bool {
	return b.breaksWith(r, because(r.SubIndication), b.policy.level(r, b.scope), object, message)
}

// breaksWith is breaks for a check whose verdict or level depends on more than the rule.
func (b *builder) breaksWith(r *Rule, v Verdict, level Level, object, message string) bool {
	c := Check{r.ID, r.Clause, level, "", object, message}
	switch level {
	case Fail:
		c.Status = Broken
		b.failures = append(b.failures, failure{r, object, v})
		if b.Verdict.Passed() {
			b.Verdict = v
		}
	case Warn:
		c.Status = Warning
	case Inform:
		c.Status = Information
	default:
		return true
	}
	b.Checks = append(b.Checks, c)
	return level != Fail
}

// note records something that a reader should know and that no policy level changes.
func (b *builder) note(r *Rule, status Status, object, message string) {
	level := Warn
	if status == Information {
		level = Inform
	}
	b.Checks = append(b.Checks, Check{r.ID, r.Clause, level, status, object, message})
}
