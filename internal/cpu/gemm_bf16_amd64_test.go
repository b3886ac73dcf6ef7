//go:build amd64 && !noasm

package cpu

import (
	le "encoding/binary"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// Go's assembler does not know VDPBF16PS, so that the source has its bytes: they are those of the instruction in the comment.
func TestBytesOfVDPBF16PS(t *testing.T) {
	src, err := os.ReadFile("gemm_amd64.s")
	if err != nil {
		t.Fatal(err)
	}
	bytes := regexp.MustCompile(`(?m)^\s*// (VDPBF16PS .*)\n\s*LONG +\$(0x[0-9a-f]+)\n\s*WORD +\$(0x[0-9a-f]+)$`)
	all := bytes.FindAllStringSubmatch(string(src), -1)
	if n := strings.Count(string(src), "LONG"); len(all) != n || n == 0 || strings.Contains(string(src), "BYTE") {
		t.Errorf("%d instructions in bytes, %d of them have a comment that says which", n, len(all))
	}
	for _, m := range all {
		long, err1 := strconv.ParseUint(m[2], 0, 32)
		word, err2 := strconv.ParseUint(m[3], 0, 16)
		if err1 != nil || err2 != nil {
			t.Fatal(m, err1, err2)
		}
		code := le.LittleEndian.AppendUint16(le.LittleEndian.AppendUint32(nil, uint32(long)), uint16(word))
		if got, err := decodeVDPBF16PS(code); err != nil || got != m[1] {
			t.Fatalf("% x is %s %v, the comment says %s", code, got, err, m[1])
		}
	}
}

// decodeVDPBF16PS reads EVEX.512.F3.0F38.W0 52 /r with a register for r/m, no mask and no broadcast (Intel 64 and IA-32 Architectures
// Software Developer's Manual, volume 2, section 2.7), and writes it as Go does, the result last.
func decodeVDPBF16PS(c []byte) (string, error) {
	bit := func(b byte, i int) int { return int(b >> i & 1) }
	p0, p1, p2, modrm := c[1], c[2], c[3], c[5]
	switch {
	case len(c) != 6 || c[0] != 0x62:
		return "", fmt.Errorf("no EVEX prefix")
	case p0&0x0f != 2:
		return "", fmt.Errorf("map %d, not 0F38, or a reserved bit", p0&0x0f)
	case bit(p1, 7) != 0 || bit(p1, 2) != 1 || p1&3 != 2:
		return "", fmt.Errorf("W %d, fixed bit %d, prefix %d, not 0, 1 and F3", bit(p1, 7), bit(p1, 2), p1&3)
	case p2>>5 != 2 || p2&0x17 != 0:
		return "", fmt.Errorf("length, zeroing, broadcast or mask %#x", p2)
	case c[4] != 0x52:
		return "", fmt.Errorf("opcode %#x", c[4])
	case modrm>>6 != 3:
		return "", fmt.Errorf("an operand in memory")
	}
	reg := (1-bit(p0, 4))<<4 | (1-bit(p0, 7))<<3 | int(modrm>>3&7)
	rm := (1-bit(p0, 6))<<4 | (1-bit(p0, 5))<<3 | int(modrm&7)
	vvvv := (1-bit(p2, 3))<<4 | int(^p1>>3&15)
	return fmt.Sprintf("VDPBF16PS Z%d, Z%d, Z%d", rm, vvvv, reg), nil
}

// What GNU as makes of four instructions.
func TestDecodeVDPBF16PS(t *testing.T) {
	for code, want := range map[string]string{
		"\x62\x92\x16\x40\x52\xc7": "VDPBF16PS Z31, Z29, Z0",
		"\x62\xe2\x2e\x48\x52\xf3": "VDPBF16PS Z3, Z10, Z22",
		"\x62\x52\x7e\x48\x52\xcc": "VDPBF16PS Z12, Z0, Z9",
		"\x62\x22\x3e\x48\x52\xf8": "VDPBF16PS Z16, Z8, Z31",
	} {
		if got, err := decodeVDPBF16PS([]byte(code)); err != nil || got != want {
			t.Errorf("% x is %s %v, want %s", code, got, err, want)
		}
	}
	for i := range 6 {
		for b := range 8 { // every bit matters
			c := []byte("\x62\x92\x16\x40\x52\xc7")
			c[i] ^= 1 << b
			if got, err := decodeVDPBF16PS(c); err == nil && got == "VDPBF16PS Z31, Z29, Z0" {
				t.Errorf("% x is taken for it", c)
			}
		}
	}
}
