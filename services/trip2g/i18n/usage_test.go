package i18n_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/template/parse"
	"unicode"

	"golang.org/x/net/html"
)

// templateFolders have the templates of reader-facing pages and mails.
var templateFolders = []string{"../content/site/render/templates", "../web/account/templates", "../ops/mail/templates"}

// use is a place that shows a message.
type use struct {
	where string
	key   string
	names []string // of the values, sorted
}

// keyPattern distinguishes keys from other texts.
var keyPattern = regexp.MustCompile(`^[a-z_]+\.[a-z0-9_]+$`)

func TestEveryMessageThatIsUsedExistsAndHasItsValues(t *testing.T) {
	english := readCatalogs(t)[0]
	uses := append(usesInTemplates(t), callsInGo(t)...)
	if len(uses) < 100 {
		t.Fatalf("only %d uses were found", len(uses))
	}
	for _, u := range uses {
		m := english.messages[u.key]
		if m == nil {
			t.Errorf("%s: there is no message %q", u.where, u.key)
			continue
		}
		if want := placeholders(m.Other); !slices.Equal(u.names, want) {
			t.Errorf("%s: %s gets the values %v, want %v", u.where, u.key, u.names, want)
		}
	}
}

func TestNoMessageIsUnused(t *testing.T) {
	used := make(map[string]bool)
	for _, u := range usesInTemplates(t) {
		used[u.key] = true
	}
	for _, text := range literalsInGo(t) {
		used[text] = true
	}
	for _, key := range readCatalogs(t)[0].keys() {
		if !used[key] && !used[numbered.ReplaceAllString(key, "%d")] {
			t.Errorf("%s is not used", key)
		}
	}
}

// numbered is the number in a key such as "date.month_1", which code formats with %d.
var numbered = regexp.MustCompile(`[0-9]+$`)

// English that is not a message stays English in every language. Code, as in <code>, is not
// translated.
func TestNoTemplateHasTextOfItsOwn(t *testing.T) {
	allowed := []string{"XXXX-XXXX-XXXX-XXXX"} // the form of a claim code
	eachTemplate(t, func(name string, tree *parse.Tree) {
		tokens := html.NewTokenizer(strings.NewReader(markup(tree.Root)))
		inCode := false
		for tokens.Next() != html.ErrorToken {
			tok := tokens.Token()
			texts := []string{}
			switch tok.Type {
			case html.StartTagToken, html.EndTagToken:
				if tok.Data == "code" {
					inCode = tok.Type == html.StartTagToken
				}
				for _, a := range tok.Attr {
					if slices.Contains([]string{"aria-label", "title", "placeholder", "alt"}, a.Key) {
						texts = append(texts, a.Val)
					}
				}
			case html.TextToken:
				if !inCode {
					texts = append(texts, tok.Data)
				}
			}
			for _, text := range texts {
				if strings.ContainsFunc(text, unicode.IsLetter) && !slices.Contains(allowed, text) {
					t.Errorf("%s: %q is no message", name, strings.TrimSpace(text))
				}
			}
		}
	})
}

// eachTemplate calls do with every template, also with those that files define.
func eachTemplate(t *testing.T, do func(name string, tree *parse.Tree)) {
	t.Helper()
	for _, folder := range templateFolders {
		names, err := filepath.Glob(folder + "/*")
		if err != nil || len(names) == 0 {
			t.Fatalf("%s has no template: %v", folder, err)
		}
		for _, name := range names {
			trees := make(map[string]*parse.Tree)
			tree := parse.New(name)
			tree.Mode = parse.SkipFuncCheck
			if _, err := tree.Parse(readFile(t, name), "", "", trees); err != nil {
				t.Fatal(err)
			}
			for _, tree := range trees {
				do(name, tree)
			}
		}
	}
}

// markup returns the text of a template with all its branches and without its actions.
func markup(node parse.Node) string {
	var b strings.Builder
	inspect(node, func(n parse.Node) {
		if text, ok := n.(*parse.TextNode); ok {
			b.Write(text.Text)
		}
	})
	return b.String()
}

// inspect calls do with a node and all nodes in it.
func inspect(node parse.Node, do func(parse.Node)) {
	do(node)
	branches := func(b *parse.BranchNode) {
		inspect(b.Pipe, do)
		inspect(b.List, do)
		if b.ElseList != nil {
			inspect(b.ElseList, do)
		}
	}
	switch n := node.(type) {
	case *parse.ListNode:
		for _, child := range n.Nodes {
			inspect(child, do)
		}
	case *parse.ActionNode:
		inspect(n.Pipe, do)
	case *parse.TemplateNode:
		if n.Pipe != nil {
			inspect(n.Pipe, do)
		}
	case *parse.PipeNode:
		for _, command := range n.Cmds {
			inspect(command, do)
		}
	case *parse.CommandNode:
		for _, argument := range n.Args {
			inspect(argument, do)
		}
	case *parse.IfNode:
		branches(&n.BranchNode)
	case *parse.RangeNode:
		branches(&n.BranchNode)
	case *parse.WithNode:
		branches(&n.BranchNode)
	}
}

func usesInTemplates(t *testing.T) (uses []use) {
	t.Helper()
	eachTemplate(t, func(name string, tree *parse.Tree) {
		inspect(tree.Root, func(n parse.Node) {
			command, ok := n.(*parse.CommandNode)
			if !ok || len(command.Args) == 0 || command.Args[0].String() != "t" {
				return
			}
			key, ok := command.Args[1].(*parse.StringNode)
			if !ok {
				t.Errorf("%s: %s: the key must be a literal", name, command)
				return
			}
			u := use{where: name, key: key.Text}
			for i := 2; i < len(command.Args); i += 2 {
				if value, ok := command.Args[i].(*parse.StringNode); ok {
					u.names = append(u.names, value.Text)
				}
			}
			slices.Sort(u.names)
			uses = append(uses, u)
		})
	})
	return uses
}

// callsInGo finds the calls of Text and HTML with a literal key.
func callsInGo(t *testing.T) (uses []use) {
	t.Helper()
	inspectGo(t, func(where string, n ast.Node) {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) == 0 || call.Ellipsis.IsValid() {
			return
		}
		function, ok := call.Fun.(*ast.SelectorExpr)
		if !ok || function.Sel.Name != "Text" && function.Sel.Name != "HTML" {
			return
		}
		key, ok := literal(call.Args[0])
		if !ok || !keyPattern.MatchString(key) {
			return
		}
		u := use{where: where, key: key}
		for i := 1; i < len(call.Args); i += 2 {
			if name, ok := literal(call.Args[i]); ok {
				u.names = append(u.names, name)
			}
		}
		slices.Sort(u.names)
		uses = append(uses, u)
	})
	return uses
}

func literalsInGo(t *testing.T) (texts []string) {
	t.Helper()
	inspectGo(t, func(_ string, n ast.Node) {
		if e, ok := n.(ast.Expr); ok {
			if text, ok := literal(e); ok {
				texts = append(texts, text)
			}
		}
	})
	return texts
}

func literal(e ast.Expr) (string, bool) {
	l, ok := e.(*ast.BasicLit)
	if !ok || l.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(l.Value)
	return text, err == nil
}

// inspectGo calls do with the syntax nodes of the service's files that are no tests.
func inspectGo(t *testing.T, do func(where string, n ast.Node)) {
	t.Helper()
	err := filepath.WalkDir("..", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			do(name, n)
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
