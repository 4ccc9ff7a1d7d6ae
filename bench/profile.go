package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"

	"golang.org/x/sync/errgroup"

	"trip2g/bench/cluster"
)

const (
	profileSeconds = 10
	profileTop     = 25 // functions printed of each profile
)

// profiles are the profiles of a server under load, by name in net/http/pprof, each with the flags
// of `go tool pprof`.
var profiles = []struct{ name, path, show string }{
	{"cpu", "profile", "-flat"},
	{"allocs", "allocs", "-sample_index=alloc_space"},
}

// profile saves profiles of the replicas, with and without the fast lane, under load on all pages
// of the vault, and of one under load on every GET route while a note is written. It prints the top
// of each.
func profile(ctx context.Context, o *options, dir string) (err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("save profiles: %w", err)
	}
	s, err := newStage(ctx, o, "TRIP2G_PROFILE=true")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	for _, turn := range []struct {
		name string
		node *cluster.Node
	}{{"fastlane", s.withLane}, {"nethttp", s.noLane}} {
		o.progress("profiling %s under load", turn.name)
		files, err := s.profileNode(ctx, turn.node, filepath.Join(dir, turn.name))
		if err != nil {
			return err
		}
		if err := printTops(ctx, files); err != nil {
			return err
		}
	}
	o.progress("profiling every GET route under load, while a note is written")
	files, err := s.profileLoaded(ctx, filepath.Join(dir, "loaded"))
	if err != nil {
		return err
	}
	return printTops(ctx, files)
}

// profileNode takes all profiles of a node at once and returns their files.
func (s *stage) profileNode(ctx context.Context, n *cluster.Node, prefix string) (files []string, err error) {
	pages := s.everyPage()
	if _, err := askEach(ctx, n, pages); err != nil {
		return nil, err
	}
	_, err = saturate(ctx, n, pages, false, func(ctx context.Context) error {
		files, err = saveProfiles(ctx, n, prefix)
		return err
	})
	return files, err
}

// profileLoaded takes the profiles under the load of the lag row.
func (s *stage) profileLoaded(ctx context.Context, prefix string) (files []string, err error) {
	if err := s.startProbe(ctx); err != nil {
		return nil, err
	}
	routes, err := s.routes(ctx)
	if err != nil {
		return nil, err
	}
	_, err = saturate(ctx, s.withLane, requests(routes), true, func(ctx context.Context) error {
		writing, stop := context.WithCancel(ctx)
		defer stop()
		group, ctx := errgroup.WithContext(ctx)
		group.Go(func() error {
			for writing.Err() == nil {
				if _, err := s.measureWritesTo(writing, s.withLane); err != nil && writing.Err() == nil {
					return err
				}
			}
			return nil
		})
		group.Go(func() (err error) {
			defer stop()
			files, err = saveProfiles(ctx, s.withLane, prefix)
			return err
		})
		return group.Wait()
	})
	return files, err
}

// saveProfiles saves all profiles of a node at once.
func saveProfiles(ctx context.Context, n *cluster.Node, prefix string) (files []string, err error) {
	group, ctx := errgroup.WithContext(ctx)
	for _, p := range profiles {
		file := prefix + "." + p.name + ".pprof"
		files = append(files, file)
		group.Go(func() error { return saveProfile(ctx, n, p.path, file) })
	}
	return files, group.Wait()
}

func saveProfile(ctx context.Context, n *cluster.Node, path, file string) error {
	url := fmt.Sprintf("%s/debug/pprof/%s?seconds=%d", n.InternalURL(), path, profileSeconds)
	status, _, body, err := get(ctx, url, nil)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("the answer is %d: %.200s", status, body)
	}
	if err == nil {
		err = os.WriteFile(file, body, 0o644)
	}
	if err != nil {
		return fmt.Errorf("take the profile %s of %s: %w", path, n.Name, err)
	}
	return nil
}

func printTops(ctx context.Context, files []string) error {
	for i, file := range files {
		if err := printTop(ctx, file, profiles[i].show); err != nil {
			return err
		}
	}
	return nil
}

// printTop prints the functions that use the most themselves.
func printTop(ctx context.Context, file, show string) error {
	fmt.Printf("\n%s\n", file)
	compiler := os.Getenv("GO")
	if compiler == "" {
		compiler = "go"
	}
	top := exec.CommandContext(ctx, compiler, "tool", "pprof", "-top", show, fmt.Sprintf("-nodecount=%d", profileTop), file)
	top.Stdout, top.Stderr = os.Stdout, os.Stderr
	if err := top.Run(); err != nil {
		return fmt.Errorf("show %s: %w", file, err)
	}
	return nil
}
