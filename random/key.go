package random

import (
	"encoding/binary"
	"fmt"
	"strconv"
)

// Key names one stream of random numbers: 128 bits that may be compared, copied, used as a map key and saved. The zero
// Key is a stream like any other. Keys come from [Generator.Next] or [KeyAt].
type Key struct{ hi, lo uint64 }

// KeyAt returns the key that (seed, parts...) names: the fold of parts into the stream of seed. Different arguments give
// independent streams, none of which New(seed) hands out. A loader keys a sample by KeyAt(seed, epoch, i).
func KeyAt(seed uint64, parts ...uint64) Key {
	k := Key{lo: seed}
	for _, p := range parts {
		k = k.FoldIn(p)
	}
	return k
}

// FoldIn returns the key number i that belongs to k. For one k, all 2^64 are different.
func (k Key) FoldIn(i uint64) Key {
	// i needs all of its bits, so it cannot be marked as a fold itself: go through a key that serves nothing else.
	return keyOf(block64(keyOf(block64(k, useFold)), i))
}

func keyOf(a, b uint64) Key { return Key{hi: b, lo: a} }

// Bytes returns the 16 bytes of k, big-endian.
func (k Key) Bytes() [16]byte {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], k.hi)
	binary.BigEndian.PutUint64(b[8:], k.lo)
	return b
}

// KeyFromBytes is the inverse of [Key.Bytes].
func KeyFromBytes(b [16]byte) Key {
	return Key{hi: binary.BigEndian.Uint64(b[:8]), lo: binary.BigEndian.Uint64(b[8:])}
}

// String returns the 32 hexadecimal digits of k.
func (k Key) String() string { return fmt.Sprintf("%016x%016x", k.hi, k.lo) }

// ParseKey is the inverse of [Key.String].
func ParseKey(s string) (Key, error) {
	if len(s) == 32 {
		hi, err1 := strconv.ParseUint(s[:16], 16, 64)
		lo, err2 := strconv.ParseUint(s[16:], 16, 64)
		if err1 == nil && err2 == nil {
			return Key{hi, lo}, nil
		}
	}
	return Key{}, fmt.Errorf("random: key %.40q: want 32 hexadecimal digits", s)
}

// MarshalText returns k.String().
func (k Key) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText parses what MarshalText wrote.
func (k *Key) UnmarshalText(text []byte) error {
	parsed, err := ParseKey(string(text))
	if err == nil {
		*k = parsed
	}
	return err
}
