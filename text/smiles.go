package text

import (
	"fmt"
	"strings"
)

// SMILES cuts a molecule in SMILES notation (D. Weininger, 1988; OpenSMILES, 2016) into atoms, bonds, branches and ring bonds. "Cl", "Br", what
// stands in brackets ("[nH]", "[C@@H]") and ring numbers of two digits ("%12") are one token each, so that joining the tokens gives the text back. It
// checks the notation, not chemistry: valences are not counted.
type SMILES struct{}

// Tokens returns an error for a character that is no SMILES, a bracket, branch or ring that is not closed, and for an empty text.
func (SMILES) Tokens(s string) ([]string, error) {
	if s == "" {
		return nil, fmt.Errorf("the SMILES is empty")
	}
	var tokens []string
	var open []int            // places of branches
	rings := map[string]int{} // number: where it was opened
	for i := 0; i < len(s); {
		token := s[i : i+1]
		switch c := s[i]; {
		case c == '[':
			end := strings.IndexByte(s[i:], ']')
			if end < 2 || strings.IndexByte(s[i+1:i+end], '[') >= 0 {
				return nil, smilesError(s, i, "the bracket is empty or not closed")
			}
			token = s[i : i+end+1]
		case strings.HasPrefix(s[i:], "Cl"), strings.HasPrefix(s[i:], "Br"):
			token = s[i : i+2]
		case c == '%':
			if i+3 > len(s) || !digit(s[i+1]) || !digit(s[i+2]) {
				return nil, smilesError(s, i, "two digits must follow %")
			}
			token = s[i : i+3]
			ring(rings, token[1:], i)
		case digit(c):
			ring(rings, "0"+token, i)
		case c == '(':
			open = append(open, i)
		case c == ')':
			if len(open) == 0 {
				return nil, smilesError(s, i, "no branch is open")
			}
			open = open[:len(open)-1]
		case strings.IndexByte("BCNOPSFIbcnops*-=#$:/\\.~", c) < 0:
			return nil, smilesError(s, i, fmt.Sprintf("%q is no SMILES", token))
		}
		tokens = append(tokens, token)
		i += len(token)
	}
	if len(open) > 0 {
		return nil, smilesError(s, open[len(open)-1], "the branch is not closed")
	}
	first := -1
	for _, at := range rings {
		if first < 0 || at < first {
			first = at
		}
	}
	if first >= 0 {
		return nil, smilesError(s, first, "the ring is not closed")
	}
	return tokens, nil
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

// ring opens a ring bond, or closes the one that has its number.
func ring(rings map[string]int, number string, at int) {
	if _, opened := rings[number]; opened {
		delete(rings, number)
		return
	}
	rings[number] = at
}

// smilesError names the place, counted from 1.
func smilesError(s string, at int, what string) error {
	if len(s) > 60 {
		s = s[:60] + "..."
	}
	return fmt.Errorf("SMILES %q, character %d: %s", s, at+1, what)
}
