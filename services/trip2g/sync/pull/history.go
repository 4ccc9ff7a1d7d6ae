package pull

import (
	"context"
	"fmt"
	"path"
	"strings"

	"golang.org/x/sync/errgroup"

	"trip2g/services/trip2g"
)

// historyDir is where the versions of notes go: no push sends a name that starts with a dot.
const historyDir = ".history"

// versionPath is where a version is kept: in a folder with the note's path, under the time at which it
// was published (UTC) and its number, so that names sort by age.
func versionPath(v trip2g.RemoteVersion) string {
	name := fmt.Sprintf("%s-%d%s", v.PublishedAt.UTC().Format("2006-01-02T150405Z"), v.ID, path.Ext(v.Path))
	return path.Join(historyDir, v.Path, name)
}

// writeHistory writes the versions that the folder lacks. A version never changes, so one that is
// there in its length is there.
func (r *run) writeHistory(ctx context.Context) error {
	versions, err := r.Server.History(ctx)
	if err != nil {
		return err
	}
	var lacking []trip2g.RemoteVersion
	told := map[string]bool{}
	for _, v := range versions {
		if told[v.Path] || !r.fitOnce(v.Path, told) {
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

// fitOnce is fit for the path of a version's note, of which it warns once.
func (r *run) fitOnce(path string, told map[string]bool) bool {
	if r.fit(path, trip2g.ValidatePath(path)) {
		return true
	}
	told[path] = true
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
	if err := r.folder.replace(name, nil, anything, strings.NewReader(content)); err != nil {
		return err
	}
	r.summary.Versions++
	return nil
}
