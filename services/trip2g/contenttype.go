package trip2g

import (
	"path"
	"strings"
)

// ContentType returns the media type of a file by the extension of its name. The operating system's
// tables are not used, so it is the same on every machine. Files of unknown types are downloads.
func ContentType(name string) string {
	if t, ok := contentTypes[strings.ToLower(path.Ext(name))]; ok {
		return t
	}
	return "application/octet-stream"
}

// contentTypes contains the types registered with IANA, and otherwise those that browsers know.
var contentTypes = map[string]string{
	// Images.
	".apng": "image/apng",
	".avif": "image/avif",
	".bmp":  "image/bmp",
	".gif":  "image/gif",
	".heic": "image/heic",
	".heif": "image/heif",
	".ico":  "image/vnd.microsoft.icon",
	".jfif": "image/jpeg",
	".jpe":  "image/jpeg",
	".jpeg": "image/jpeg",
	".jpg":  "image/jpeg",
	".jxl":  "image/jxl",
	".png":  "image/png",
	".svg":  "image/svg+xml",
	".tif":  "image/tiff",
	".tiff": "image/tiff",
	".webp": "image/webp",

	// Audio.
	".3gp":  "audio/3gpp",
	".aac":  "audio/aac",
	".flac": "audio/flac",
	".m4a":  "audio/mp4",
	".mid":  "audio/midi",
	".midi": "audio/midi",
	".mp3":  "audio/mpeg",
	".oga":  "audio/ogg",
	".ogg":  "audio/ogg",
	".opus": "audio/ogg",
	".wav":  "audio/wav",
	".weba": "audio/webm",

	// Video.
	".avi":  "video/x-msvideo",
	".m4v":  "video/mp4",
	".mkv":  "video/matroska",
	".mov":  "video/quicktime",
	".mp4":  "video/mp4",
	".mpeg": "video/mpeg",
	".mpg":  "video/mpeg",
	".ogv":  "video/ogg",
	".webm": "video/webm",
	".wmv":  "video/x-ms-wmv",

	// Documents.
	".doc":  "application/msword",
	".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	".epub": "application/epub+zip",
	".odp":  "application/vnd.oasis.opendocument.presentation",
	".ods":  "application/vnd.oasis.opendocument.spreadsheet",
	".odt":  "application/vnd.oasis.opendocument.text",
	".pdf":  "application/pdf",
	".ppt":  "application/vnd.ms-powerpoint",
	".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
	".ps":   "application/postscript",
	".rtf":  "application/rtf",
	".xls":  "application/vnd.ms-excel",
	".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",

	// Texts.
	".bib":     "text/plain; charset=utf-8",
	".c":       "text/plain; charset=utf-8",
	".css":     "text/css; charset=utf-8",
	".csv":     "text/csv; charset=utf-8",
	".geojson": "application/geo+json",
	".go":      "text/plain; charset=utf-8",
	".gpx":     "application/gpx+xml",
	".htm":     "text/html; charset=utf-8",
	".html":    "text/html; charset=utf-8",
	".ics":     "text/calendar; charset=utf-8",
	".js":      "text/javascript; charset=utf-8",
	".json":    "application/json",
	".log":     "text/plain; charset=utf-8",
	".md":      "text/markdown; charset=utf-8",
	".mjs":     "text/javascript; charset=utf-8",
	".py":      "text/plain; charset=utf-8",
	".sh":      "text/plain; charset=utf-8",
	".srt":     "text/plain; charset=utf-8",
	".tex":     "text/plain; charset=utf-8",
	".toml":    "application/toml",
	".tsv":     "text/tab-separated-values; charset=utf-8",
	".txt":     "text/plain; charset=utf-8",
	".vcf":     "text/vcard; charset=utf-8",
	".vtt":     "text/vtt; charset=utf-8",
	".xml":     "text/xml; charset=utf-8",
	".yaml":    "application/yaml",
	".yml":     "application/yaml",

	// Fonts.
	".otf":   "font/otf",
	".ttf":   "font/ttf",
	".woff":  "font/woff",
	".woff2": "font/woff2",

	// Archives and programs.
	".7z":   "application/x-7z-compressed",
	".gz":   "application/gzip",
	".tar":  "application/x-tar",
	".wasm": "application/wasm",
	".zip":  "application/zip",
	".zst":  "application/zstd",
}
