package pull

import (
	"context"
	"fmt"
	"path"
	"strings"

	"golang.org/x/sync/errgroup"

	"trip2g/services/trip2g"
)

// historyDir contains the versions of notes. No push sends names that start with a dot.
const historyDir = ".history"

// versionPath returns the path of a version: a folder with the note's path, and a name of the
// publication time (UTC) and the version's number, so that names sort by age.
func versionPath(v trip2g.RemoteVersion) string {
	name := fmt.Sprintf("%s-%d%s", v.PublishedAt.UTC().Format("2006-01-02T150405Z"), v.ID, path.Ext(v.Path))
	return path.Join(historyDir, v.Path, name)
}

// writeHistory writes the versions that the folder lacks. Versions never change, so a file of the
// right size is not written again.
func (r *run) writeHistory(ctx context.Context) error {
	versions, err := r.Server.History(ctx)
	if err != nil {
		return err
	}
	var lacking []trip2g.RemoteVersion
	warned := map[string]bool{}
	for _, v := range versions {
		if warned[v.Path] || !r.acceptsOnce(v.Path, warned) {
			continue
		}
		if info, err := r.folder.root.Lstat(versionPath(v)); err != nil || !info.Mode().IsRegular() || info.Size() != v.Size {
			lacking = append(lacking, v)
		}
	}
	if len(lacking) == 0 {
		return nil
	}
	r.Reporter.Begin("versions", int64(len(lacking)), false)
	defer r.Reporter.End()
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallelDownloads)
	for _, v := range lacking {
		group.Go(func() error { return r.writeVersion(ctx, v) })
	}
	return group.Wait()
}

// acceptsOnce calls accepts for the path of a version's note, and warns once per note.
func (r *run) acceptsOnce(path string, warned map[string]bool) bool {
	if r.accepts(path, trip2g.ValidatePath(path)) {
		return true
	}
	warned[path] = true
	return false
}

func (r *run) writeVersion(ctx context.Context, v trip2g.RemoteVersion) error {
	content, err := r.Server.VersionText(ctx, v.ID)
	if err != nil {
		return err
	}
	r.Reporter.Add(1)
	r.naming.Lock()
	defer r.naming.Unlock()
	name := versionPath(v)
	if err := r.folder.replace(name, nil, anyState, strings.NewReader(content)); err != nil {
		return err
	}
	r.summary.Versions++
	return nil
}
