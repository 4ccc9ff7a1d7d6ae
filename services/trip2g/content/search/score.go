package search

import (
	"context"
	"math"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/ext/fts5"
)

// Ranking is BM25 (https://www.staff.city.ac.uk/~sbrp622/papers/foundations_bm25_review.pdf) by
// field, with two differences. A word's rarity is counted in the notes that the visitor may read:
// FTS5's own function counts all, so that members' notes would change the order of public ones. And
// a field's length is compared with a constant instead of the average, so that a score does not
// depend on other notes.

// ranking has the weight of a hit in each field, and the field's usual number of words.
var ranking = [fields]struct{ weight, usual float64 }{
	inTitle:    {8, 4},
	inNames:    {5, 6},
	inHeadings: {3, 30},
	inText:     {1, 400},
	inPath:     {2, 5},
}

const (
	saturation  = 1.2 // k1: how quickly further hits of a term stop to count
	lengthShare = 0.6 // b: influence of a field's length

	wholeTitle = 12.0 // bonus of a title that equals the query
	closeBy    = 0.5  // bonus of each place where one term follows another
	mostClose  = 6    // limit of such places
	mostHits   = 300  // limit of hits in a note, those in titles first
)

// plan has the weights of a query's hits.
type plan struct {
	phrases []phraseRole // in the order of the expression
	terms   []float64    // by term: its rarity
}

type phraseRole struct {
	term   int
	words  int
	weight float64
}

// plan counts the rarity of the terms, if there are several to compare, in the visible notes v.
func (r *reader) plan(ctx context.Context, q query, v visible) (*plan, error) {
	p := &plan{}
	for i, t := range q.terms {
		rare := 1.0
		if t.field == inTags {
			rare = 0
		} else if len(q.terms) > 1 {
			n, err := r.matches(ctx, term{t.field, t.phrases[:1]}.expression(), v)
			if err != nil {
				return nil, err
			}
			rare = math.Log(1 + (float64(max(v.notes, n)-n)+0.5)/(float64(n)+0.5))
		}
		p.terms = append(p.terms, rare)
		for _, alternative := range t.phrases {
			p.phrases = append(p.phrases, phraseRole{i, len(alternative.words), alternative.weight})
		}
	}
	return p, nil
}

// score implements the SQL function score(words, plan).
func score(fts fts5.Context, ctx sqlite3.Context, args ...sqlite3.Value) {
	p, ok := args[0].Pointer().(*plan)
	if !ok {
		ctx.ResultFloat(0)
		return
	}
	value, err := p.score(fts)
	if err != nil {
		ctx.ResultError(err)
		return
	}
	ctx.ResultFloat(value)
}

func (p *plan) score(fts fts5.Context) (float64, error) {
	var found [maxTerms][fields]float64
	hits, err := fts.InstCount()
	if err != nil {
		return 0, err
	}
	var last struct {
		column field
		term   int
		end    int
	}
	close, titled, titleEnd := 0, 0, 0
	for i := range min(hits, mostHits) {
		number, column, at, err := fts.Inst(i)
		if err != nil {
			return 0, err
		}
		if number >= len(p.phrases) {
			continue // of query.without
		}
		role, in := p.phrases[number], field(column+1)
		found[role.term][in] += role.weight
		if in == last.column && role.term != last.term && at >= last.end && at-last.end <= 1 && close < mostClose {
			close++
		}
		last.column, last.term, last.end = in, role.term, at+role.words
		if in == inTitle && role.weight == asWritten && last.end > titleEnd {
			titled += last.end - max(at, titleEnd)
			titleEnd = last.end
		}
	}
	total := float64(close) * closeBy
	for t, rare := range p.terms {
		sum, err := fieldsScore(fts, &found[t])
		if err != nil {
			return 0, err
		}
		total += rare * sum
	}
	if titled > 0 {
		size, err := fts.ColumnSize(int(inTitle) - 1)
		if err != nil {
			return 0, err
		}
		total += wholeTitle * float64(titled*titled) / float64(size*size)
	}
	return total, nil
}

// fieldsScore returns the score of one term's hits.
func fieldsScore(fts fts5.Context, found *[fields]float64) (sum float64, err error) {
	for f, n := range found {
		rank := ranking[f]
		if n == 0 || rank.weight == 0 {
			continue
		}
		size, err := fts.ColumnSize(f - 1)
		if err != nil {
			return 0, err
		}
		length := 1 - lengthShare + lengthShare*float64(size)/rank.usual
		sum += rank.weight * n * (1 + saturation) / (n + saturation*length)
	}
	return sum, nil
}
