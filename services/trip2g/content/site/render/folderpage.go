package render

import (
	"math"

	"trip2g/services/trip2g/content/site/index"
)

// folderPage is the page of a folder without a note of its own.
type folderPage struct{ *index.Folder }

func (f folderPage) key() string { return f.URL }

func (f folderPage) contentType() string { return htmlType }

func (f folderPage) render(r *renderContext) []byte {
	title := f.Name
	if f.URL == "/" {
		title = r.Layout.Name
	}
	v := r.pageData(title, pagePosition{url: f.URL, folder: f.URL})
	v.Items, v.Crumbs = r.View().List(f.URL, math.MaxInt), r.breadcrumbs(f.URL, f.URL)
	if f.URL == "/" {
		v.Description = r.Layout.Settings.Description
	}
	for i, item := range v.Items {
		if item.Folder {
			inside, _ := r.listFolder(item.URL, maxFolderCount)
			v.Items[i].Count = len(inside)
		}
	}
	r.addMetadata(v, f.URL)
	switch {
	case len(v.Items) > 0:
	case r.Reader.IsSignedIn():
		v.Message = r.texts.Text("notice.empty")
	default:
		v.Message = r.texts.Text("notice.empty_public")
	}
	return executeTemplate(r.texts, "folder.html", v)
}

// maxFolderCount bounds the count shown next to a folder.
const maxFolderCount = 1000
