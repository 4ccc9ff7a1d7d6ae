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

// Limits of an operation's text. The largest known operation, an introspection, has about 400
// tokens and 300 fields in 13 levels. Notes and files are sent in variables.
const (
	maxQueryLength = 256 << 10 // bytes
	maxTokens      = 2_000
	maxRootFields  = 10
	maxDepth       = 15
	maxFields      = 500 // with fragments expanded
)

// limits refuses too expensive operations before validation. Validation and gqlgen's complexity
// limit visit a fragment each time it is spread, which with 30 fragments can be a billion times.
type limits struct{}

var _ interface {
	graphql.HandlerExtension
	graphql.OperationParameterMutator
} = limits{}

func (limits) ExtensionName() string                     { return "Limits" }
func (limits) Validate(_ graphql.ExecutableSchema) error { return nil }

// MutateOperationParameters leaves syntax errors to the executor.
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

// tooLargeNumber returns the first number in a valid query that does not fit an int64 or float64,
// on which gqlgen panics.
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

// size is the size of a selection with fragments expanded: root fields, levels and all fields. Each
// number is capped just above its limit to avoid overflow.
type size struct{ roots, depth, fields int }

// measurer measures each fragment once.
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

// fragment returns the size of a fragment, 0 if it is missing or recursive, which validation
// refuses.
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
