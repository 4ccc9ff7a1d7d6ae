package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"trip2g/services/trip2g/server/servertest"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"trip2g/internal/testwait"
)

const (
	apiPage  = "../../../docs/reference/api.md"
	apiPages = "../../../docs/reference/api/*.md"
)

// documentedExample is a command on a page and the answer that the page shows.
type documentedExample struct {
	place   string // page and line
	command string
	lang    string // of the answer: "json", or "http" for headers
	answer  string
	keep    map[string]string // variables for later examples, by the path in the answer
}

func (e documentedExample) needsSession() bool { return strings.Contains(e.command, "$TRIP2G_SESSION") }

// TestEveryExampleOfTheAPIAnswersAsItsPageShows runs the pages' examples in order, against a
// replica of a leader of this program.
func TestEveryExampleOfTheAPIAnswersAsItsPageShows(t *testing.T) {
	p := startForExamples(t)
	for _, page := range documentationPages(t) {
		t.Run(strings.TrimSuffix(filepath.Base(page), ".md"), func(t *testing.T) {
			r := &exampleRun{stack: p, dir: t.TempDir(), env: map[string]string{
				"TRIP2G_URL": p.replica.Public, "TRIP2G_KEY": p.key, "PATH": os.Getenv("PATH"),
			}}
			examples := examplesOf(t, page)
			// The number of codes mailed to an address is limited.
			if slices.ContainsFunc(examples, documentedExample.needsSession) {
				r.env["TRIP2G_SESSION"] = strings.TrimPrefix(p.leader.SignIn(t, testOwner).Get("Authorization"), "Bearer ")
			}
			for _, e := range examples {
				r.check(t, e)
			}
		})
	}
}

// startForExamples starts a leader and a replica of a database in which a missing page is counted.
func startForExamples(t *testing.T) *stack {
	t.Helper()
	db := filepath.Join(t.TempDir(), "data.sqlite3")
	first := servertest.Start(t, "DB_FILE="+db)
	first.WaitReady(t)
	servertest.Get(first.Public + "/no/such/page")
	if err := first.Stop(); err != nil { // it writes the waiting counts
		t.Fatal(err)
	}
	p := &stack{t: t, leader: servertest.Start(t, "DB_FILE="+db, "NODE_NAME=app", "OWNER_EMAIL="+testOwner)}
	p.leader.WaitReady(t)
	p.replica = servertest.Start(t, "DB_FILE="+db, "NODE_NAME=app-replica", "LEADER_ADDR="+p.leader.InternalAddr, "SESSION_COOKIE_NAME=session_r1")
	p.replica.WaitReady(t)
	p.key = servertest.NewKey(t, db)
	p.leader.SignIn(t, testOwner) // for an example that ends a session
	return p
}

// TestEveryOperationOfTheAPIIsDocumented requires an example of each query, mutation and
// subscription.
func TestEveryOperationOfTheAPIIsDocumented(t *testing.T) {
	var examples strings.Builder
	for _, page := range documentationPages(t) {
		for _, e := range examplesOf(t, page) {
			examples.WriteString(e.command + "\n")
		}
	}
	var missing []string
	for _, operation := range operations(t) {
		if !regexp.MustCompile(`\b` + operation + `\b`).MatchString(examples.String()) {
			missing = append(missing, operation)
		}
	}
	if len(missing) > 0 {
		t.Errorf("no page of docs/reference/api has an example (```sh example) of: %s", strings.Join(missing, ", "))
	}
}

// operations lists the queries, mutations and subscriptions of the schema.
func operations(t *testing.T) (names []string) {
	t.Helper()
	files, err := filepath.Glob("../web/graphql/schema/*.graphqls")
	if err != nil || len(files) == 0 {
		t.Fatalf("no schema: %v", err)
	}
	var sources []*ast.Source
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, &ast.Source{Name: file, Input: string(text)})
	}
	schema, err := gqlparser.LoadSchema(sources...)
	if err != nil {
		t.Fatal(err)
	}
	for _, root := range []*ast.Definition{schema.Query, schema.Mutation, schema.Subscription} {
		for _, field := range root.Fields {
			if !strings.HasPrefix(field.Name, "__") {
				names = append(names, field.Name)
			}
		}
	}
	return names
}

func documentationPages(t *testing.T) []string {
	t.Helper()
	pages, err := filepath.Glob(apiPages)
	if err != nil || len(pages) == 0 {
		t.Fatalf("no pages %s: %v", apiPages, err)
	}
	return append([]string{apiPage}, pages...)
}

// examplesOf finds the examples of a page: a block "```sh example" is one, and the next block, of
// JSON or HTTP, is its answer. The answer's first line may end in NAME=path.of.a.value, which sets
// $NAME for the examples below.
func examplesOf(t *testing.T, page string) (found []documentedExample) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	rest, line := string(text), 1
	for {
		before, block, more := strings.Cut(rest, "\n```")
		if !more {
			return found
		}
		info, block, _ := strings.Cut(block, "\n")
		body, after, closed := strings.Cut("\n"+block, "\n```\n")
		line += strings.Count(before, "\n") + 1
		if !closed {
			t.Fatalf("%s:%d: a block of code has no end", page, line)
		}
		body = strings.TrimPrefix(body, "\n")
		words := strings.Fields(info)
		last := len(found) - 1
		switch {
		case info == "sh example":
			found = append(found, documentedExample{place: fmt.Sprintf("%s:%d", filepath.Base(page), line), command: body, keep: map[string]string{}})
		case len(words) > 0 && (words[0] == "json" || words[0] == "http") && last >= 0 && found[last].lang == "":
			found[last].lang, found[last].answer = words[0], body
			for _, word := range words[1:] {
				name, path, _ := strings.Cut(word, "=")
				found[last].keep[name] = path
			}
		}
		line += strings.Count(body, "\n") + 2
		rest = "\n" + after
		line--
	}
}

// exampleRun runs the examples of one page.
type exampleRun struct {
	stack *stack
	dir   string
	env   map[string]string
	codes int // number in the log before the last example
}

// check runs an example and compares its answer. It repeats a query until the answer matches,
// because some answers depend on background work.
func (r *exampleRun) check(t *testing.T, e documentedExample) {
	t.Helper()
	if strings.Contains(e.command, "$CODE") {
		r.env["CODE"] = r.code(t)
	}
	r.codes = len(codeLine.FindAllString(r.stack.leader.Log.String(), -1))
	try := func() error {
		answer, err := r.run(t.Context(), e.command)
		if err == nil {
			err = r.compare(e, answer)
		}
		if err != nil {
			return fmt.Errorf("%s: %w\n%s\nanswered\n%s", e.place, err, e.command, answer)
		}
		return nil
	}
	limit := testwait.Patience // a replica may be behind
	if strings.Contains(e.command, "mutation") {
		limit = 0
	}
	if err := testwait.Within(limit, try); err != nil {
		t.Fatal(err)
	}
}

// code returns the sign-in code that the previous example requested.
func (r *exampleRun) code(t *testing.T) (code string) {
	t.Helper()
	testwait.NoFault(t, func() string {
		codes := codeLine.FindAllStringSubmatch(r.stack.leader.Log.String(), -1)
		if len(codes) <= r.codes {
			return "no code is in the leader's log"
		}
		code = codes[len(codes)-1][2]
		return ""
	})
	return code
}

func (r *exampleRun) run(ctx context.Context, command string) (string, error) {
	cmd := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", command)
	cmd.Dir = r.dir
	for name, value := range r.env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	out, err := cmd.Output()
	if ended, ok := errors.AsType[*exec.ExitError](err); ok {
		err = fmt.Errorf("%w: %s", err, ended.Stderr)
	}
	return string(out), err
}

// compare checks the shape of an answer and stores the values that the page keeps.
func (r *exampleRun) compare(e documentedExample, answer string) error {
	switch e.lang {
	case "":
		return nil
	case "http":
		return sameHeaders(e.answer, answer)
	}
	var shown, got any
	if err := json.Unmarshal([]byte(e.answer), &shown); err != nil {
		return fmt.Errorf("the page's answer is no JSON: %w", err)
	}
	if err := json.Unmarshal([]byte(answer), &got); err != nil {
		return fmt.Errorf("the answer is no JSON: %w", err)
	}
	if err := sameShape("", shown, got); err != nil {
		return err
	}
	for name, path := range e.keep {
		r.env[name] = fmt.Sprint(valueAt(got, path))
	}
	return nil
}

// sameHeaders requires that each line on the page is the beginning of one in the answer.
func sameHeaders(shown, got string) error {
	for line := range strings.Lines(shown) {
		name, _, _ := strings.Cut(strings.TrimSpace(line), ":")
		if !strings.Contains("\n"+strings.ToLower(got), "\n"+strings.ToLower(name)) {
			return fmt.Errorf("there is no %q", name)
		}
	}
	return nil
}

// sameShape requires the same keys, the same kinds of values, and list elements like the shown
// ones. A null on the page matches anything.
func sameShape(path string, shown, got any) error {
	switch shown := shown.(type) {
	case nil:
		return nil
	case map[string]any:
		got, ok := got.(map[string]any)
		if !ok || !slices.Equal(slices.Sorted(maps.Keys(shown)), slices.Sorted(maps.Keys(got))) {
			return fmt.Errorf("%s has other keys than the page shows", path)
		}
		for key := range shown {
			if err := sameShape(path+"."+key, shown[key], got[key]); err != nil {
				return err
			}
		}
		return nil
	case []any:
		got, ok := got.([]any)
		if !ok || (len(got) == 0) != (len(shown) == 0) {
			return fmt.Errorf("%s is no list like the one that the page shows", path)
		}
		for i := range got {
			if err := sameShape(fmt.Sprintf("%s[%d]", path, i), shown[min(i, len(shown)-1)], got[i]); err != nil {
				return err
			}
		}
		return nil
	}
	exact := strings.HasSuffix(path, ".__typename") || strings.HasSuffix(path, ".success")
	if exact && got != shown || fmt.Sprintf("%T", shown) != fmt.Sprintf("%T", got) {
		return fmt.Errorf("%s is %v, and the page shows %v", path, got, shown)
	}
	return nil
}

// valueAt returns the value at a path, for example "data.notes.0.id".
func valueAt(value any, path string) any {
	for step := range strings.SplitSeq(path, ".") {
		switch at := value.(type) {
		case map[string]any:
			value = at[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i >= len(at) {
				return nil
			}
			value = at[i]
		}
	}
	if number, ok := value.(float64); ok {
		return int64(number)
	}
	return value
}
