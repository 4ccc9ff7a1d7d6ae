package markdown

import (
	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/util"
)

// taskRenderer renders the checkbox of a task with a label, which goldmark's lacks. Without the
// label, screen readers do not announce whether the task is done.
type taskRenderer struct{}

// RegisterFuncs is renderer.NodeRenderer's.
func (taskRenderer) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(extast.KindTaskCheckBox, func(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		box := `<input type="checkbox" disabled="" aria-label="not done"> `
		if n.(*extast.TaskCheckBox).IsChecked {
			box = `<input type="checkbox" checked="" disabled="" aria-label="done"> `
		}
		_, err := w.WriteString(box)
		return ast.WalkContinue, err
	})
}
