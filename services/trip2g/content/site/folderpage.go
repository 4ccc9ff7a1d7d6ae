package site

import "math"

func (f *folder) key() string { return f.url }

func (f *folder) contentType() string { return htmlType }

// render lists the contents of a folder without a note of its own.
func (f *folder) render(r *renderContext) []byte {
	title := f.name
	if f.url == "/" {
		title = r.layout.name
	}
	v := r.pageData(title, pagePosition{url: f.url, folder: f.url})
	v.Items, v.Crumbs = r.view().list(f.url, math.MaxInt), r.breadcrumbs(f.url, f.url)
	if f.url == "/" {
		v.Description = r.layout.settings.Description
	}
	for i, item := range v.Items {
		if item.Folder {
			inside, _ := r.listFolder(item.URL, maxFolderCount)
			v.Items[i].Count = len(inside)
		}
	}
	r.addMetadata(v, f.url)
	switch {
	case len(v.Items) > 0:
	case r.reader.IsSignedIn():
		v.Message = "There is nothing here to read."
	default:
		v.Message = "There is nothing here that everybody can read."
	}
	return executeTemplate("folder.html", v)
}

// maxFolderCount bounds the count shown next to a folder.
const maxFolderCount = 1000
