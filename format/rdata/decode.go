package rdata

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/hadal-go/hadal/format/internal/raw"
)

const (
	maxMemory   = 1 << 30 // bytes that an object may take
	maxSequence = 1 << 24 // elements that compact sequences may grow to, together
	maxDepth    = 512     // of objects in each other
	objectBytes = 96      // about what an object takes besides its elements
)

// The types of items (SEXPTYPE), and those of the file alone.
const (
	symbolType      = 1
	pairsType       = 2
	functionType    = 3
	environmentType = 4
	promiseType     = 5
	languageType    = 6
	specialType     = 7
	builtinType     = 8
	charType        = 9
	logicalType     = 10
	integerType     = 13
	realType        = 14
	complexType     = 15
	characterType   = 16
	dotsType        = 17
	listType        = 19
	expressionType  = 20
	bytecodeType    = 21
	pointerType     = 22
	weakType        = 23
	rawType         = 24
	s4Type          = 25

	altrepType        = 238
	attrPairsType     = 239
	attrLanguageType  = 240
	baseEnvType       = 241
	emptyEnvType      = 242
	repeatUseType     = 243
	repeatDefType     = 244
	persistType       = 247
	packageType       = 248
	namespaceType     = 249
	baseNamespaceType = 250
	missingArgType    = 251
	unboundType       = 252
	globalEnvType     = 253
	nullType          = 254
	referenceType     = 255
)

// The flags of an item, above its type.
const (
	hasAttributes = 1 << 9
	hasTag        = 1 << 10
	latin1Flag    = 1 << (12 + 2) // of a text: ISO 8859-1
	bytesFlag     = 1 << (12 + 1) // of a text: no encoding
)

// decoder reads one serialised object. The first error stays in err, and then all that is read is zero.
type decoder struct {
	r         *bufio.Reader
	err       error
	left      int64     // bytes of memory that may still be taken
	sequences int       // elements that compact sequences may still grow to
	four      [4]byte   // of a number
	depth     int       // of the item that is being read
	refs      []*Object // symbols and environments, in the order in which they came
}

// decode reads a header and an object from r.
func decode(r *bufio.Reader) (*Object, error) {
	d := &decoder{r: r, left: maxMemory, sequences: maxSequence}
	d.header()
	o := d.item()
	if d.err != nil {
		return nil, d.err
	}
	return o, nil
}

func (d *decoder) header() {
	switch format := d.bytes(2); {
	case d.err != nil:
		return
	case string(format) == "A\n" || string(format) == "B\n":
		d.fail("it is R's text or native format: save it in R with ascii = FALSE and xdr = TRUE")
	case string(format) != "X\n":
		d.fail("it is no file of R's: it begins with %q, want X and a line feed", format)
	}
	version := d.int()
	d.bytes(8) // R's version and the oldest that reads it
	switch version {
	case 2:
	case 3:
		if n := d.length(); n <= 64 {
			d.bytes(n) // the name of the encoding
		} else {
			d.fail("the name of its encoding has %d bytes: it is damaged", n)
		}
	default:
		d.fail("it is of version %d, want 2 or 3: save it in R with version = 3", version)
	}
}

func (d *decoder) fail(format string, args ...any) {
	if d.err == nil {
		d.err = fmt.Errorf(format, args...)
	}
}

// take counts n bytes of memory, before they are taken, and reports whether they may be.
func (d *decoder) take(n int64) bool {
	if n > d.left {
		d.fail("it asks for more than the %d bytes of memory that an object may take", maxMemory)
	}
	if d.err == nil {
		d.left -= n
	}
	return d.err == nil
}

// bytes reads n bytes, which the caller has counted if they stay.
func (d *decoder) bytes(n int) []byte {
	if d.err != nil {
		return nil
	}
	b, err := raw.ReadN(d.r, n, 0)
	d.err = err
	return b
}

func (d *decoder) int() int32 {
	if d.err == nil {
		_, d.err = io.ReadFull(d.r, d.four[:])
	}
	if d.err != nil {
		return 0
	}
	return int32(binary.BigEndian.Uint32(d.four[:]))
}

// length reads a length, of two halves where it does not fit into 31 bits.
func (d *decoder) length() int {
	n := int64(d.int())
	if n == -1 {
		n = int64(d.int())<<32 | int64(uint32(d.int()))
	}
	if n < 0 || n > maxMemory {
		d.fail("it has a length of %d, want 0 to %d", n, maxMemory)
		return 0
	}
	return int(n)
}

// item reads an object.
func (d *decoder) item() *Object { return d.itemOf(d.int()) }

// itemOf reads an object whose flags are read.
func (d *decoder) itemOf(flags int32) *Object {
	o := &Object{}
	d.depth++
	defer func() { d.depth-- }()
	if d.depth > maxDepth {
		d.fail("objects lie more than %d deep in each other", maxDepth)
	}
	if !d.take(objectBytes) {
		return o
	}
	switch flags & 0xff {
	case nullType:
		return o
	case globalEnvType, baseEnvType, emptyEnvType, baseNamespaceType:
		o.Data = Opaque("environment")
		return o
	case unboundType, missingArgType:
		o.Data = Opaque("missing argument")
		return o
	case referenceType:
		return d.reference(flags)
	case symbolType:
		if t, na := d.text(d.int()); !na {
			o.Data = Symbol(t)
		}
		d.refs = append(d.refs, o)
		return o
	case persistType, packageType, namespaceType:
		o.Data = Opaque("environment")
		d.int()
		for n := d.length(); n > 0 && d.err == nil; n-- {
			d.text(d.int())
		}
		d.refs = append(d.refs, o)
		return o
	case environmentType:
		o.Data = Opaque("environment")
		d.refs = append(d.refs, o) // it may refer to itself
		d.int()
		for range 4 { // the one around it, variables, more variables, attributes
			d.item()
		}
		return o
	case altrepType:
		return d.altrep()
	case pairsType, languageType, functionType, promiseType, dotsType:
		return d.pairs(flags)
	}
	d.vector(o, flags)
	if flags&hasAttributes != 0 {
		o.Attributes = attributes(d.item())
	}
	return o
}

// vector reads the data of o by its type.
func (d *decoder) vector(o *Object, flags int32) {
	switch flags & 0xff {
	case logicalType:
		o.Data = Logical(d.ints())
	case integerType:
		o.Data = Integer(d.ints())
	case realType:
		o.Data = Real(d.reals(1))
	case complexType:
		v := d.reals(2)
		c := make(Complex, len(v)/2)
		for i := range c {
			c[i] = complex(v[2*i], v[2*i+1])
		}
		o.Data = c
	case characterType:
		o.Data = d.character()
	case listType:
		o.Data = d.list()
	case expressionType:
		d.list()
		o.Data = Opaque("expression")
	case rawType:
		n := d.length()
		if d.take(int64(n)) {
			o.Data = Raw(d.bytes(n))
		}
	case specialType, builtinType:
		n := d.length()
		if d.take(int64(n)) {
			d.bytes(n)
		}
		o.Data = Opaque("function")
	case pointerType:
		o.Data = Opaque("external pointer")
		d.refs = append(d.refs, o)
		d.item()
		d.item()
	case weakType:
		o.Data = Opaque("weak reference")
		d.refs = append(d.refs, o)
	case s4Type:
		o.Data = Opaque("S4 object")
	case bytecodeType:
		d.int() // how many expressions repeat
		d.bytecode()
		o.Data = Opaque("bytecode")
	case charType: // a text outside a vector of texts
		t, na := d.text(flags &^ hasAttributes)
		o.Data = Character{Values: []string{t}}
		if na {
			o.Data = Character{[]string{""}, []bool{true}}
		}
	default:
		d.fail("it has an item of type %d, which is not known", flags&0xff)
	}
}

// reference returns an object that came before.
func (d *decoder) reference(flags int32) *Object {
	i := int(flags >> 8)
	if i == 0 {
		i = int(d.int())
	}
	if i < 1 || i > len(d.refs) {
		d.fail("it refers to object %d of %d", i, len(d.refs))
		return &Object{}
	}
	return d.refs[i-1]
}

func (d *decoder) ints() []int32 {
	n := d.length()
	if !d.take(4 * int64(n)) {
		return nil
	}
	b := d.bytes(4 * n)
	v := make([]int32, len(b)/4)
	for i := range v {
		v[i] = int32(binary.BigEndian.Uint32(b[4*i:]))
	}
	return v
}

// reals reads a length and times that many numbers.
func (d *decoder) reals(times int) []float64 {
	n := d.length()
	if !d.take(8 * int64(times) * int64(n)) {
		return nil
	}
	b := d.bytes(8 * times * n)
	v := make([]float64, len(b)/8)
	for i := range v {
		v[i] = math.Float64frombits(binary.BigEndian.Uint64(b[8*i:]))
	}
	return v
}

func (d *decoder) character() (c Character) {
	n := d.length()
	for i := 0; i < n && d.take(16); i++ {
		t, na := d.text(d.int())
		if na && c.NA == nil {
			c.NA = make([]bool, i)
		}
		if c.NA != nil {
			c.NA = append(c.NA, na)
		}
		c.Values = append(c.Values, t)
	}
	return c
}

func (d *decoder) list() List {
	n := d.length()
	list := make(List, 0, min(n, 64))
	for ; n > 0 && d.err == nil; n-- {
		list = append(list, d.item())
	}
	return list
}

// text reads a text (CHARSXP) whose flags are read, in UTF-8, and whether it is NA.
func (d *decoder) text(flags int32) (t string, na bool) {
	if d.err == nil && flags&0xff != charType {
		d.fail("it has an item of type %d in the place of a text", flags&0xff)
	}
	n := d.int()
	if n == -1 {
		return "", true
	}
	if n < 0 {
		d.fail("it has a text of %d bytes", n)
	}
	if !d.take(int64(n)) {
		return "", false
	}
	b := d.bytes(int(n))
	if flags&hasAttributes != 0 { // older R kept its cache there
		d.item()
	}
	// A text without a mark is in the encoding of the machine that wrote it, today UTF-8, on old Windows ISO 8859-1.
	if flags&bytesFlag != 0 || flags&latin1Flag == 0 && utf8.Valid(b) {
		return string(b), false
	}
	if !d.take(int64(len(b))) {
		return "", false
	}
	var s strings.Builder
	for _, c := range b {
		s.WriteRune(rune(c))
	}
	return s.String(), false
}

// pairs reads a pairlist, or what R builds of them, whose flags are read. The rest of each pair is read in the loop, as a list is long and not
// deep.
func (d *decoder) pairs(flags int32) *Object {
	o, typ := &Object{}, flags&0xff
	var list List
	var names []string
	tagged := false
	for d.err == nil {
		if flags&hasAttributes != 0 {
			o.Attributes = append(o.Attributes, attributes(d.item())...)
		}
		name := ""
		if flags&hasTag != 0 {
			if s, ok := d.item().Data.(Symbol); ok {
				name, tagged = string(s), true
			}
		}
		list, names = append(list, d.item()), append(names, name)
		if flags = d.int(); flags&0xff == nullType {
			break
		}
		if !d.take(objectBytes) {
			break
		}
		if flags&0xff != pairsType { // a pair that ends no list
			list, names = append(list, d.itemOf(flags)), append(names, "")
			break
		}
	}
	switch typ {
	case pairsType:
		o.Data = list
		if tagged {
			o.Attributes = append(o.Attributes, Attribute{"names", &Object{Data: Character{Values: names}}})
		}
	case languageType:
		o.Data = Opaque("language")
	case functionType:
		o.Data = Opaque("function")
	case promiseType:
		o.Data = Opaque("promise")
	default:
		o.Data = Opaque("arguments")
	}
	return o
}

// attributes takes a pairlist apart.
func attributes(o *Object) (all []Attribute) {
	list, names := o.elements()
	for i, name := range names {
		all = append(all, Attribute{name, list[i]})
	}
	return all
}

// bytecode passes over a compiled function.
func (d *decoder) bytecode() {
	if d.depth++; d.depth > maxDepth {
		d.fail("objects lie more than %d deep in each other", maxDepth)
	}
	d.item() // the code
	for n := d.length(); n > 0 && d.err == nil; n-- {
		switch typ := d.int(); typ {
		case bytecodeType:
			d.bytecode()
		case languageType, pairsType, repeatDefType, repeatUseType, attrLanguageType, attrPairsType:
			d.bytecodePairs(typ)
		default:
			d.item()
		}
	}
	d.depth--
}

// bytecodePairs passes over an expression of a compiled function.
func (d *decoder) bytecodePairs(typ int32) {
	if d.depth++; d.depth > maxDepth {
		d.fail("objects lie more than %d deep in each other", maxDepth)
	}
	defer func() { d.depth-- }()
	if d.err != nil {
		return
	}
	switch typ {
	case repeatUseType:
		d.int()
		return
	case repeatDefType:
		d.int()
		typ = d.int()
	}
	switch typ {
	case attrLanguageType, attrPairsType:
		d.item()
		fallthrough
	case languageType, pairsType:
		d.item()
		d.bytecodePairs(d.int())
		d.bytecodePairs(d.int())
	default:
		d.item()
	}
}

// endOf returns the error of a file that goes on after its object.
func endOf(r io.Reader) error {
	return raw.AtEnd(r, errors.New("there are bytes after its end: it is damaged, or several files in one"))
}
