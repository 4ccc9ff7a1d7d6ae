package cli

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/markdown"
	"trip2g/services/trip2g/sync/client"
	"trip2g/services/trip2g/sync/push"
	"trip2g/services/trip2g/sync/vault"
)

// accessFlag is a site's default access as a flag.
type accessFlag struct{ trip2g.SiteAccess }

func (f *accessFlag) Set(text string) error {
	access, ok := trip2g.ParseSiteAccess(text)
	if !ok {
		return errors.New("must be everyone or members")
	}
	f.SiteAccess = access
	return nil
}

func (f *accessFlag) Type() string { return "who" }

// audience describes who can read the notes of a folder, from their frontmatter.
type audience struct {
	notes    []listedNote      // those that are published, by path
	settings trip2g.SiteAccess // the default in the folder's settings
}

// listedNote is a note with its access.
type listedNote struct {
	path   string
	access trip2g.Access
	page   bool // it has a page: it is not a template, the settings or the like
}

// readAudience parses every note of a folder.
func readAudience(ctx context.Context, notes *vault.Vault) (a audience, err error) {
	for _, n := range notes.Notes() {
		content, err := notes.ReadNote(ctx, n.Path)
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed since; the push handles it
		}
		if err != nil {
			return audience{}, err
		}
		doc := markdown.Parse(n.Path, content)
		if doc.Settings != nil {
			a.settings = doc.Settings.Access
		}
		_, page := trip2g.NoteURL(n.Path, doc.Slug)
		a.notes = append(a.notes, listedNote{n.Path, doc.Access, page})
	}
	return a, nil
}

// unspecified returns the notes with a page that do not set their access.
func (a audience) unspecified() map[string]bool {
	paths := map[string]bool{}
	for _, n := range a.notes {
		if n.page && n.access.Level == trip2g.Unspecified {
			paths[n.path] = true
		}
	}
	return paths
}

// chooseAccess determines the site's default access before a push: from --access, or by asking on a
// terminal if the site has no default yet. It returns a function that sets it on the server, nil if
// it does not change.
func (f pushFlags) chooseAccess(ctx context.Context, notes *vault.Vault, server *client.Client, term *terminal) (set func(context.Context) error, err error) {
	if f.dryRun {
		return nil, nil
	}
	state, mayChange, err := server.SiteAccess(ctx)
	if err != nil {
		return nil, err
	}
	access := f.access.SiteAccess
	asks := access == trip2g.AccessNotChosen
	if asks && (state.Default != trip2g.AccessNotChosen || !term.canAsk() || !mayChange) || !asks && access == state.Default {
		return nil, nil
	}
	if !mayChange {
		return nil, &codedError{exitFailure, fmt.Errorf("--access %s: the API key is not allowed to change who can read the site; "+
			"to allow it, run `trip2g keys update ID --scope read,publish,settings` on the leader, or choose at %s_system/settings", access, server.Site())}
	}
	a, err := readAudience(ctx, notes)
	if err != nil {
		return nil, err
	}
	switch {
	case asks && a.settings != trip2g.AccessNotChosen:
		return nil, nil
	case !asks && a.settings != trip2g.AccessNotChosen && access != a.settings:
		return nil, &codedError{exitUsage, fmt.Errorf("--access %s contradicts access: %s in %s of the folder: change it there", access, a.settings, trip2g.SettingsPath)}
	}
	count, err := countUnspecified(ctx, a, state, server)
	if err != nil {
		return nil, err
	}
	switch {
	case asks && count == 0:
		return nil, nil
	case asks:
		access, err = askAccess(ctx, term, count)
	case access == trip2g.AccessEveryone && state.Default == trip2g.AccessMembers && count > 0 && !f.yes:
		err = confirmPublic(ctx, term, count)
	}
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) error { return server.SetSiteAccess(ctx, access, state.Unspecified) }, nil
}

// accessError formats an error of chooseAccess for a terminal.
func accessError(err error) error {
	if coded := (*codedError)(nil); errors.As(err, &coded) {
		return coded
	}
	return pushError(err, serverExitCode(err))
}

// loadAccess loads what term prints about access: for a dry run each note's, otherwise totals of
// the site.
func (f pushFlags) loadAccess(ctx context.Context, notes *vault.Vault, server *client.Client, s push.Summary, term *terminal) error {
	state, _, err := server.SiteAccess(ctx)
	if !f.dryRun {
		if err == nil { // the push has succeeded all the same
			term.access = &state
		}
		return nil
	}
	if err != nil {
		return err
	}
	a, err := readAudience(ctx, notes)
	if err != nil {
		return err
	}
	term.notes = noteReports(a, cmp.Or(f.access.SiteAccess, state.Default), s)
	return nil
}

// countUnspecified counts the notes that do not set their access, in the folder and on the server.
func countUnspecified(ctx context.Context, a audience, state trip2g.AccessState, server *client.Client) (int, error) {
	paths := a.unspecified()
	if state.Unspecified == 0 {
		return len(paths), nil
	}
	published, err := server.UnspecifiedNotes(ctx)
	if err != nil {
		return 0, err
	}
	known := make(map[string]bool, len(a.notes))
	for _, n := range a.notes {
		known[n.path] = true
	}
	count := len(paths) + max(0, state.Unspecified-len(published)) // the server lists only some
	for _, path := range published {
		if !known[path] {
			count++
		}
	}
	return count, nil
}

// setNoAccess starts a sentence about notes without an access of their own.
func setNoAccess(count int) string {
	if count == 1 {
		return "1 note does not set who can read it"
	}
	return fmt.Sprintf("%d notes do not set who can read them", count)
}

// askAccess asks for the default access.
func askAccess(ctx context.Context, term *terminal, count int) (trip2g.SiteAccess, error) {
	for {
		answer, err := term.ask(ctx, setNoAccess(count)+": [e]veryone or [m]embers only? (members)")
		if err != nil {
			return trip2g.AccessNotChosen, err
		}
		switch strings.ToLower(answer) {
		case "e", "everyone":
			return trip2g.AccessEveryone, nil
		case "", "m", "members", "members only":
			return trip2g.AccessMembers, nil
		}
	}
}

// confirmPublic asks before notes for members become public.
func confirmPublic(ctx context.Context, term *terminal, count int) error {
	what := setNoAccess(count) + " and would become public"
	if !term.canAsk() {
		return &codedError{exitUsage, fmt.Errorf("%s: confirm with --yes", what)}
	}
	answer, err := term.ask(ctx, what+". Continue? [y/N]")
	if err != nil {
		return err
	}
	if answer = strings.ToLower(answer); answer != "y" && answer != "yes" {
		return &codedError{exitFailure, errors.New("nothing was sent: the notes stay for members only")}
	}
	return nil
}

// canAsk reports whether a user can answer a question.
func (t *terminal) canAsk() bool { return !t.quiet && !t.json && isTerminal(t.in) && isTerminal(t.err) }

// ask prints a question and returns the trimmed answer, "" at the end of the input.
func (t *terminal) ask(ctx context.Context, question string) (string, error) {
	t.mu.Lock()
	fmt.Fprint(t.err, printable(question)+" ")
	t.mu.Unlock()
	type line struct {
		text string
		err  error
	}
	answered := make(chan line, 1)
	go func() {
		text, err := bufio.NewReader(t.in).ReadString('\n')
		answered <- line{text, err}
	}()
	select {
	case <-ctx.Done(): // the reading ends with the program
		fmt.Fprintln(t.err)
		return "", ctx.Err()
	case a := <-answered:
		if a.err != nil && !errors.Is(a.err, io.EOF) {
			return "", fmt.Errorf("read the answer: %w", a.err)
		}
		return strings.TrimSpace(a.text), nil
	}
}
