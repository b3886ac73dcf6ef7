// Package rdata reads the files in which R keeps data: .rds, one object; .rda or .RData, named objects; and the pairs .rdx and .rdb,
// from which R's packages load their data sets one by one. It does not write them.
//
// The format is that of R Internals, chapter "Serialization Formats" (R Core Team), and of R's src/main/serialize.c, in its binary form
// (XDR, big endian), versions 2 and 3:
//
//	5 bytes       "RDX2\n" or "RDX3\n", of .rda alone
//	2 bytes       "X\n"
//	3 x 4 bytes   version, R's version, the oldest R that reads it
//	version 3     4 bytes for the length of the encoding's name, and the name
//	an item       4 bytes of flags, whose lowest byte is the type; what belongs to it; its attributes, if bit 9 says so
//
// as it is or compressed by gzip or bzip2. A vector is a length and its elements, a list a length and items; symbols and environments that
// occur again are numbers of a table. In version 3 a vector may stand as the way to compute it (ALTREP): 1:1000 as a start and a length.
//
//	variables, err := rdata.LoadFile("survey.rda")
//	frame, err := variables[0].Object.DataFrame()
//	age, err := frame.Columns[2].Floats()
//
// Vectors, lists, factors and data frames are read whole. Functions, environments and expressions are passed over: an Opaque stands for
// them. R's own files compressed by xz are refused, because the standard library has no reader of it. Files are not trusted: nothing
// is run, memory grows with the data that arrive, and an object that asks for more than 1 GiB, or nests too deep, is an error.
package rdata

import (
	"fmt"
	"math"
	"slices"
	"strconv"
)

// Object is a value of R's: a vector, list or something else, and its attributes, of which names, class, levels and row.names are the
// common ones. Data is one of
//
//	nil                      NULL
//	Logical, Integer, Real   vectors of numbers
//	Complex, Raw             of complex numbers and of bytes
//	Character                of texts
//	List                     of objects; R's lists, and its pairlists with their tags as names
//	Symbol                   a name
//	Opaque                   what has no meaning outside of R
//
// Objects may share parts with each other. They are not to be changed.
type Object struct {
	Data       any
	Attributes []Attribute
}

// Attribute is what R's attr(x, "name") gives.
type Attribute struct {
	Name  string
	Value *Object
}

// The vectors. NA, R's missing value, is NAInteger in Logical and Integer, and in Real the NaN that IsNA knows.
type (
	Logical []int32 // 0 is FALSE, NAInteger is NA, all else TRUE
	Integer []int32
	Real    []float64
	Complex []complex128
	Raw     []byte
	List    []*Object
	Symbol  string
	Opaque  string // says what it is: environment, function, language, ...
)

// Character is a vector of texts, in UTF-8 unless R marked them as bytes.
type Character struct {
	Values []string
	NA     []bool // which are missing, their value is ""; nil: none
}

// NAInteger is NA in a Logical or Integer.
const NAInteger int32 = math.MinInt32

// IsNA reports whether v is R's NA_real_: a NaN with 1954 in its lower half, unlike the NaN of a computation.
func IsNA(v float64) bool {
	return math.IsNaN(v) && uint32(math.Float64bits(v)) == 1954
}

// Len returns the number of elements: of a vector or list, 0 for all else.
func (o *Object) Len() int {
	switch v := o.Data.(type) {
	case Logical:
		return len(v)
	case Integer:
		return len(v)
	case Real:
		return len(v)
	case Complex:
		return len(v)
	case Raw:
		return len(v)
	case Character:
		return len(v.Values)
	case List:
		return len(v)
	}
	return 0
}

// kind names what Data is, as R's typeof does.
func (o *Object) kind() string {
	switch v := o.Data.(type) {
	case nil:
		return "NULL"
	case Logical:
		return "logical"
	case Integer:
		return "integer"
	case Real:
		return "double"
	case Complex:
		return "complex"
	case Raw:
		return "raw"
	case Character:
		return "character"
	case List:
		return "list"
	case Symbol:
		return "symbol"
	case Opaque:
		return string(v)
	}
	return fmt.Sprintf("%T", o.Data)
}

// Attr returns an attribute, nil if there is none of that name.
func (o *Object) Attr(name string) *Object {
	i := slices.IndexFunc(o.Attributes, func(a Attribute) bool { return a.Name == name })
	if i < 0 {
		return nil
	}
	return o.Attributes[i].Value
}

// texts returns the texts of an attribute, nil if it is none of texts.
func (o *Object) texts(attribute string) []string {
	if a := o.Attr(attribute); a != nil {
		if c, ok := a.Data.(Character); ok {
			return c.Values
		}
	}
	return nil
}

// Names returns the names of the elements, as many as there are, or nil if they have none.
func (o *Object) Names() []string {
	if names := o.texts("names"); len(names) == o.Len() {
		return names
	}
	return nil
}

// elements returns a list and its names, nothing unless it is a list that has them.
func (o *Object) elements() (list List, names []string) {
	list, ok := o.Data.(List)
	if names = o.Names(); !ok || names == nil {
		return nil, nil
	}
	return list, names
}

// Is reports whether the object is of a class of R's, such as factor or data.frame.
func (o *Object) Is(class string) bool { return slices.Contains(o.texts("class"), class) }

// Elem returns the element of a list with a name, the first of several, or nil if there is none.
func (o *Object) Elem(name string) *Object {
	list, names := o.elements()
	if i := slices.Index(names, name); i >= 0 {
		return list[i]
	}
	return nil
}

// Floats returns the numbers of a Logical, Integer or Real, NaN for NA; R's NA_real_ stays the NaN that it is. A factor is an error: see
// Factor and Strings.
func (o *Object) Floats() ([]float64, error) {
	ints := func(v []int32) []float64 {
		f := make([]float64, len(v))
		for i, n := range v {
			if f[i] = float64(n); n == NAInteger {
				f[i] = math.NaN()
			}
		}
		return f
	}
	switch v := o.Data.(type) {
	case Real:
		return slices.Clone([]float64(v)), nil
	case Integer:
		if !o.Is("factor") {
			return ints(v), nil
		}
	case Logical:
		return ints(v), nil
	}
	return nil, fmt.Errorf("rdata: %s has no numbers", o.what())
}

// what names the object in an error.
func (o *Object) what() string {
	if o.Is("factor") {
		return "a factor"
	}
	return "an object of type " + o.kind()
}

// Factor returns the levels of a factor, and for each element the index of its level, -1 for NA.
func (o *Object) Factor() (levels []string, index []int, err error) {
	codes, ok := o.Data.(Integer)
	if !ok || !o.Is("factor") {
		return nil, nil, fmt.Errorf("rdata: %s is no factor", o.what())
	}
	levels, index = o.texts("levels"), make([]int, len(codes))
	for i, c := range codes {
		index[i] = -1
		if c == NAInteger {
			continue
		}
		if c < 1 || int(c) > len(levels) {
			return nil, nil, fmt.Errorf("rdata: element %d of a factor is level %d, of %d", i, c, len(levels))
		}
		index[i] = int(c) - 1
	}
	return levels, index, nil
}

// Strings returns the elements as texts and which are missing: those of a Character, and the levels of a factor.
func (o *Object) Strings() (values []string, na []bool, err error) {
	if c, ok := o.Data.(Character); ok {
		values, na = slices.Clone(c.Values), make([]bool, len(c.Values))
		copy(na, c.NA)
		return values, na, nil
	}
	levels, index, err := o.Factor()
	if err != nil {
		return nil, nil, fmt.Errorf("rdata: %s has no texts", o.what())
	}
	values, na = make([]string, len(index)), make([]bool, len(index))
	for i, k := range index {
		if na[i] = k < 0; !na[i] {
			values[i] = levels[k]
		}
	}
	return values, na, nil
}

// DataFrame is a table: columns of equal length, each a vector or factor.
type DataFrame struct {
	Names    []string // of the columns
	Columns  []*Object
	RowNames []string // nil: the rows are numbered
	Rows     int
}

// Column returns the column of a name, or an error that lists the names.
func (f *DataFrame) Column(name string) (*Object, error) {
	if i := slices.Index(f.Names, name); i >= 0 {
		return f.Columns[i], nil
	}
	return nil, fmt.Errorf("rdata: there is no column %q; the columns are %.20q", name, f.Names)
}

// DataFrame returns the table that the object is, or an error unless it is a list of class data.frame with a name for each column and columns
// as long as there are rows. Columns that are tables or matrices themselves are errors too.
func (o *Object) DataFrame() (*DataFrame, error) {
	list, ok := o.Data.(List)
	if !ok || !o.Is("data.frame") {
		return nil, fmt.Errorf("rdata: %s is no data frame", o.what())
	}
	f := &DataFrame{Names: o.Names(), Columns: list}
	if f.Names == nil && len(list) > 0 {
		return nil, fmt.Errorf("rdata: the %d columns of the data frame have no names", len(list))
	}
	f.Rows = -1
	switch v := o.rowNames().(type) {
	case Character:
		f.Rows, f.RowNames = len(v.Values), v.Values
	case Integer:
		// R writes 1 to n as (NA, n) or (NA, -n).
		if len(v) == 2 && v[0] == NAInteger && v[1] != NAInteger {
			f.Rows = int(max(v[1], -v[1]))
			break
		}
		f.Rows = len(v)
		for _, n := range v {
			f.RowNames = append(f.RowNames, strconv.Itoa(int(n)))
		}
	}
	for j, c := range list {
		if f.Rows < 0 {
			f.Rows = c.Len()
		}
		if _, ok := c.Data.(List); ok || c.Attr("dim") != nil || c.Len() != f.Rows {
			return nil, fmt.Errorf("rdata: column %q of the data frame is %s with %d elements, want a vector of %d, one for each row", f.Names[j], c.what(), c.Len(), f.Rows)
		}
	}
	f.Rows = max(f.Rows, 0)
	return f, nil
}

func (o *Object) rowNames() any {
	if a := o.Attr("row.names"); a != nil {
		return a.Data
	}
	return nil
}
