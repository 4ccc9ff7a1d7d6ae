package graphql

import (
	"context"
	"strconv"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/lexer"
	"github.com/vektah/gqlparser/v2/parser"
)

// Limits of an operation's text. The largest that a client sends today, an introspection, has
// about 400 tokens and 300 fields 13 deep; notes and files travel in variables.
const (
	maxQueryLength = 256 << 10 // bytes
	maxTokens      = 2_000
	maxRootFields  = 10
	maxDepth       = 15
	maxFields      = 500 // with every fragment spread out
)

// limits refuses what would cost more than a client can need, before it is validated: validation
// itself and the library's own complexity limit walk a fragment once for each time it is spread,
// which 30 fragments can make a billion times.
type limits struct{}

var _ interface {
	graphql.HandlerExtension
	graphql.OperationParameterMutator
} = limits{}

func (limits) ExtensionName() string                     { return "Limits" }
func (limits) Validate(_ graphql.ExecutableSchema) error { return nil }

// MutateOperationParameters leaves a query that does not parse to the executor, which says why.
func (limits) MutateOperationParameters(_ context.Context, params *graphql.RawParams) *gqlerror.Error {
	if len(params.Query) > maxQueryLength {
		return overLimit("the query has %d bytes, at most %d are taken; send values in variables", len(params.Query), maxQueryLength)
	}
	doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: params.Query}, maxTokens)
	if err != nil {
		return nil
	}
	if number := tooLargeNumber(params.Query); number != "" {
		return overLimit("the number %.40s in the query is too large", number)
	}
	for _, operation := range doc.Operations {
		m := measurer{doc: doc, known: map[string]size{}}
		switch s := m.measure(operation.SelectionSet); {
		case s.roots > maxRootFields:
			return overLimit("the operation has more than %d fields at its top; send fewer in one request", maxRootFields)
		case s.depth > maxDepth:
			return overLimit("the operation is more than %d fields deep", maxDepth)
		case s.fields > maxFields:
			return overLimit("the operation has more than %d fields", maxFields)
		}
	}
	return nil
}

// tooLargeNumber gives the first number that fits neither an int64 nor a float64, as it is written:
// the library panics when it comes to read one. The query is one that parses.
func tooLargeNumber(query string) string {
	text := lexer.New(&ast.Source{Input: query})
	for {
		token, err := text.ReadToken()
		switch {
		case err != nil || token.Kind == lexer.EOF:
			return ""
		case token.Kind == lexer.Int:
			_, err = strconv.ParseInt(token.Value, 10, 64)
		case token.Kind == lexer.Float:
			_, err = strconv.ParseFloat(token.Value, 64)
		}
		if err != nil {
			return token.Value
		}
	}
}

func overLimit(format string, args ...any) *gqlerror.Error {
	err := gqlerror.Errorf(format, args...)
	errcode.Set(err, errcode.ValidationFailed)
	return err
}

// size of a selection: fields at its top, levels, and fields in all, fragments spread out. A
// number stops a little past its limit, so that none overflows.
type size struct{ roots, depth, fields int }

// measurer measures each fragment once, however often it is spread.
type measurer struct {
	doc   *ast.QueryDocument
	known map[string]size
}

func (m *measurer) measure(selections ast.SelectionSet) size {
	var total size
	for _, selection := range selections {
		var s size
		switch selection := selection.(type) {
		case *ast.Field:
			inner := m.measure(selection.SelectionSet)
			s = size{roots: 1, depth: inner.depth + 1, fields: inner.fields + 1}
		case *ast.InlineFragment:
			s = m.measure(selection.SelectionSet)
		case *ast.FragmentSpread:
			s = m.fragment(selection.Name)
		}
		total.roots = min(total.roots+s.roots, maxRootFields+1)
		total.depth = min(max(total.depth, s.depth), maxDepth+1)
		total.fields = min(total.fields+s.fields, maxFields+1)
	}
	return total
}

// fragment counts a fragment that is missing or spreads itself as nothing: validation refuses both.
func (m *measurer) fragment(name string) size {
	if s, ok := m.known[name]; ok {
		return s
	}
	m.known[name] = size{}
	definition := m.doc.Fragments.ForName(name)
	if definition == nil {
		return size{}
	}
	s := m.measure(definition.SelectionSet)
	m.known[name] = s
	return s
}
