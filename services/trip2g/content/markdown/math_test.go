package markdown_test

import (
	"strings"
	"testing"

	"trip2g/services/trip2g/content/markdown"
)

// Otherwise pages would show LaTeX instead of math, or math instead of prices.
func TestFormulasAreShownAndPricesAreNone(t *testing.T) {
	const x, block = "<math><mi>x</mi></math>", `<div class="math"><math display="block"><mi>x</mi></math></div>`
	for in, want := range map[string]string{
		"a $x$, ($x$) $x$":          "<p>a " + x + ", (" + x + ") " + x + "</p>",
		"*a $x$*":                   "<p><em>a " + x + "</em></p>",
		"$a_b$ $a_b$":               "<p><math><msub><mi>a</mi><mi>b</mi></msub></math> <math><msub><mi>a</mi><mi>b</mi></msub></math></p>",
		"$a\nb$":                    "<p><math><mrow><mi>a</mi><mi>b</mi></mrow></math></p>",
		"a $$x$$ b":                 `<p>a <math display="block"><mi>x</mi></math> b</p>`,
		`$\text{\$}$`:               "<p><math><mtext>$</mtext></math></p>",
		`$a<b$`:                     "<p><math><mrow><mi>a</mi><mo>&lt;</mo><mi>b</mi></mrow></math></p>",
		"|a|\n|-|\n|$x$|":           "<div class=\"table\"><table>\n<thead>\n<tr>\n<th>a</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>" + x + "</td>\n</tr>\n</tbody>\n</table></div>",
		"# A $x$":                   `<h1 id="a-x">A ` + x + "</h1>",
		"$$\nx\n$$":                 block,
		"$$x$$\nb":                  block + "\n<p>b</p>",
		"$$x\n$$ b":                 block + "\n<p>b</p>",
		"a\n$$\nx\n$$\nb":           "<p>a</p>\n" + block + "\n<p>b</p>",
		"- a\n  $$\n  x\n  $$\n- b": "<ul>\n<li>a\n" + block + "\n</li>\n<li>b</li>\n</ul>",
		"> $$\n> x\n> $$":           "<blockquote>\n" + block + "\n</blockquote>",
		"$$\n\n# x\n\n- y\n$$":      `<pre class="math"><code># x` + "\n\n- y</code></pre>",
		"$$\nx\n$$\n\n^eq":          `<div class="math" id="^eq"><math display="block"><mi>x</mi></math></div>`,
		`a $\foo<b>$`:               `<p>a <code class="math">\foo&lt;b&gt;</code></p>`,

		"$5 and $6":             "<p>$5 and $6</p>",
		"$5/$6 or $7,$8":        "<p>$5/$6 or $7,$8</p>",
		"a $ x$ $x $ b":         "<p>a $ x$ $x $ b</p>",
		`\$x$ and $ and $$$$`:   "<p>$x$ and $ and $$$$</p>",
		"`$x$` $5 `x$`":         "<p><code>$x$</code> $5 <code>x$</code></p>",
		"$$ is money\n\nb":      "<p>$$ is money</p>\n<p>b</p>",
		"    $$\n    x\n    $$": "<pre><code>$$\nx\n$$\n</code></pre>",
	} {
		if got := render(t, "n.md", in); got != want {
			t.Errorf("%q\ngot  %s\nwant %s", in, got, want)
		}
	}
}

// The warning shows an owner where to look.
func TestAFormulaThatIsNotUnderstoodIsNamed(t *testing.T) {
	doc := markdown.Parse("n.md", "# A\n\na $\\foo$\n\n$$\n\\frac{a\n$$\n")
	if len(doc.Warnings) != 2 || doc.Warnings[0].Line != 3 || !strings.Contains(doc.Warnings[0].Text, `\foo`) || doc.Warnings[1].Line != 5 {
		t.Errorf("warnings: %+v", doc.Warnings)
	}
}
