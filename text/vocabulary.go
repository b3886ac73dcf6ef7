package text

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Counts are how often tokens occur in a corpus.
type Counts map[string]int

// Add counts tokens.
func (c Counts) Add(tokens []string) {
	for _, t := range tokens {
		c[t]++
	}
}

// Vocabulary numbers tokens from 0. It does not change, and is safe for concurrent use. As JSON it is the list of its tokens and the name of
// the unknown one.
type Vocabulary struct {
	tokens  []string
	ids     map[string]int64
	unknown string
}

// VocabularyConfig are the options of NewVocabulary.
type VocabularyConfig struct {
	Specials []string // tokens that come first whether they occur or not, such as "<pad>", "<bos>", "<eos>"
	Unknown  string   // one of Specials that stands for all tokens that are not in the vocabulary; "": they are errors
	MinCount int      // tokens that occur less often are left out; 0: 1
	MaxSize  int      // at most so many tokens, Specials among them; 0: all
}

// NewVocabulary numbers the special tokens in their order, then those of the corpus, the most frequent first, and of equal counts by text. It
// returns an error for specials that repeat or do not fit, and when the unknown token is none of them.
func NewVocabulary(counts Counts, cfg VocabularyConfig) (*Vocabulary, error) {
	if cfg.MaxSize > 0 && cfg.MaxSize < len(cfg.Specials) {
		return nil, fmt.Errorf("vocabulary: %d special tokens do not fit into MaxSize %d", len(cfg.Specials), cfg.MaxSize)
	}
	tokens := slices.Clone(cfg.Specials)
	var others []string
	for t, n := range counts {
		if n >= max(cfg.MinCount, 1) && !slices.Contains(cfg.Specials, t) {
			others = append(others, t)
		}
	}
	slices.SortFunc(others, func(a, b string) int {
		if d := counts[b] - counts[a]; d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	if room := cfg.MaxSize - len(tokens); cfg.MaxSize > 0 && len(others) > room {
		others = others[:room]
	}
	return newVocabulary(append(tokens, others...), cfg.Unknown)
}

func newVocabulary(tokens []string, unknown string) (*Vocabulary, error) {
	v := &Vocabulary{tokens: tokens, ids: make(map[string]int64, len(tokens)), unknown: unknown}
	for i, t := range tokens {
		if _, twice := v.ids[t]; twice {
			return nil, fmt.Errorf("vocabulary: token %q is there twice", t)
		}
		v.ids[t] = int64(i)
	}
	if _, there := v.ids[unknown]; unknown != "" && !there {
		return nil, fmt.Errorf("vocabulary: the unknown token %q is not in it; add it to Specials", unknown)
	}
	return v, nil
}

// Len returns the number of tokens.
func (v *Vocabulary) Len() int { return len(v.tokens) }

// ID returns the number of a token, and whether it is in the vocabulary.
func (v *Vocabulary) ID(token string) (id int64, ok bool) {
	id, ok = v.ids[token]
	return id, ok
}

// Encode returns the numbers of tokens. A token that is not in the vocabulary is the unknown one, or an error where there is none.
func (v *Vocabulary) Encode(tokens []string) ([]int64, error) {
	ids := make([]int64, len(tokens))
	for i, t := range tokens {
		id, ok := v.ids[t]
		if !ok {
			if v.unknown == "" {
				return nil, fmt.Errorf("vocabulary: token %d, %q, is not in it, and there is no unknown token", i, t)
			}
			id = v.ids[v.unknown]
		}
		ids[i] = id
	}
	return ids, nil
}

// Decode returns the tokens of numbers. It returns an error for a number that is none of the vocabulary's.
func (v *Vocabulary) Decode(ids []int64) ([]string, error) {
	tokens := make([]string, len(ids))
	for i, id := range ids {
		if id < 0 || id >= int64(len(v.tokens)) {
			return nil, fmt.Errorf("vocabulary: number %d, %d, is not from 0 to %d", i, id, len(v.tokens)-1)
		}
		tokens[i] = v.tokens[id]
	}
	return tokens, nil
}

type vocabularyJSON struct {
	Tokens  []string `json:"tokens"`
	Unknown string   `json:"unknown,omitempty"`
}

// MarshalJSON writes the vocabulary so that it can be saved with a model.
func (v *Vocabulary) MarshalJSON() ([]byte, error) {
	return json.Marshal(vocabularyJSON{v.tokens, v.unknown})
}

// UnmarshalJSON reads what MarshalJSON wrote. It returns an error for a vocabulary that is empty, has a token twice or lacks its unknown
// one, and then changes nothing.
func (v *Vocabulary) UnmarshalJSON(b []byte) error {
	var j vocabularyJSON
	if err := json.Unmarshal(b, &j); err != nil {
		return err
	}
	if len(j.Tokens) == 0 {
		return errors.New("vocabulary: it has no tokens")
	}
	read, err := newVocabulary(j.Tokens, j.Unknown)
	if err == nil {
		*v = *read
	}
	return err
}
