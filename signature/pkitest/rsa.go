package pkitest

import (
	"crypto/rand"
	"crypto/rsa"
	"io"
	"math/big"
	"sync"
)

// Tests want many RSA keys at once and do not mind how secret they are. Making one is dear only because of its primes, so the
// primes of a process are kept and every new key takes a pair that no other key has: n primes serve n(n-1)/2 keys, all
// different. Whoever sees two of them can compute both: that is why this stays in a package for tests.

var primes = struct {
	sync.Mutex
	pool   map[int][]*big.Int // by size in bits
	next   map[int][2]int     // the next unused pair: i < j
	seeded map[string]*rsa.PrivateKey
}{pool: map[int][]*big.Int{}, next: map[int][2]int{}, seeded: map[string]*rsa.PrivateKey{}}

// pooledRSA returns a key that no other call has returned.
func pooledRSA(bits int) *rsa.PrivateKey {
	primes.Lock()
	defer primes.Unlock()
	pair, ok := primes.next[bits]
	if !ok {
		pair = [2]int{0, 1}
	}
	for len(primes.pool[bits]) <= pair[1] {
		primes.pool[bits] = append(primes.pool[bits], newPrime(bits/2, rand.Reader))
	}
	key := rsaFromPrimes(primes.pool[bits][pair[0]], primes.pool[bits][pair[1]])
	if pair[0]++; pair[0] == pair[1] {
		pair = [2]int{0, pair[1] + 1}
	}
	primes.next[bits] = pair
	return key
}

// seededRSA returns the key of a deterministic PKI, computed once per process.
func seededRSA(bits int, id string, source io.Reader) *rsa.PrivateKey {
	primes.Lock()
	defer primes.Unlock()
	id = string(rune(bits)) + id
	if key := primes.seeded[id]; key != nil {
		return key
	}
	key := rsaFromPrimes(newPrime(bits/2, source), newPrime(bits/2, source))
	primes.seeded[id] = key
	return key
}

const rsaExponent = 65537

func rsaFromPrimes(p, q *big.Int) *rsa.PrivateKey {
	one := big.NewInt(1)
	p1, q1 := new(big.Int).Sub(p, one), new(big.Int).Sub(q, one)
	lambda := new(big.Int).Mul(p1, q1)
	lambda.Div(lambda, new(big.Int).GCD(nil, nil, p1, q1))
	key := &rsa.PrivateKey{
		PublicKey: rsa.PublicKey{N: new(big.Int).Mul(p, q), E: rsaExponent},
		D:         new(big.Int).ModInverse(big.NewInt(rsaExponent), lambda),
		Primes:    []*big.Int{p, q},
	}
	key.Precompute()
	if err := key.Validate(); err != nil {
		panic("pkitest: " + err.Error()) // two equal primes of 1024 bits
	}
	return key
}

// smallPrimes are the odd primes below 2^16: what is left after sieving by them is worth a real test.
var smallPrimes = sync.OnceValue(func() []uint32 {
	var composite [1 << 16]bool
	var found []uint32
	for i := 3; i < len(composite); i += 2 {
		if composite[i] {
			continue
		}
		found = append(found, uint32(i))
		for j := i * i; j < len(composite); j += 2 * i {
			composite[j] = true
		}
	}
	return found
})

// newPrime returns the first prime at or after a random odd number whose two highest bits are 1, so that a product of two has
// its full length. p-1 is prime to the exponent.
func newPrime(bits int, source io.Reader) *big.Int {
	octets := make([]byte, bits/8)
	io.ReadFull(source, octets)
	octets[0] |= 0xc0
	octets[len(octets)-1] |= 1
	base := new(big.Int).SetBytes(octets)
	var rest, divisor big.Int
	for {
		var composite [4096]bool // of base + 2i
		for _, p := range smallPrimes() {
			i := (p - uint32(rest.Mod(base, divisor.SetUint64(uint64(p))).Uint64())) % p
			if i&1 == 1 {
				i += p
			}
			for i /= 2; int(i) < len(composite); i += p {
				composite[i] = true
			}
		}
		for i, no := range composite {
			if no {
				continue
			}
			candidate := new(big.Int).Add(base, divisor.SetUint64(uint64(2*i)))
			if candidate.ProbablyPrime(0) && rest.Mod(candidate, big.NewInt(rsaExponent)).Uint64() != 1 {
				return candidate
			}
		}
		base.Add(base, big.NewInt(2*4096))
	}
}
