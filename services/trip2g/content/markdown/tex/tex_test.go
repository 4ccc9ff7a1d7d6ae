package tex_test

import (
	"encoding/xml"
	"io"
	"strings"
	"testing"

	"trip2g/services/trip2g/content/markdown/tex"
)

// formulas are LaTeX texts and their MathML.
var formulas = []struct{ in, want string }{
	{`x`, `<mi>x</mi>`},
	{`2x+3.14`, `<mrow><mn>2</mn><mi>x</mi><mo>+</mo><mn>3.14</mn></mrow>`},
	{`a-b*c`, `<mrow><mi>a</mi><mo>−</mo><mi>b</mi><mo>∗</mo><mi>c</mi></mrow>`},
	{`x^2_i`, `<msubsup><mi>x</mi><mi>i</mi><mn>2</mn></msubsup>`},
	{`x^12`, `<mrow><msup><mi>x</mi><mn>1</mn></msup><mn>2</mn></mrow>`},
	{`x^{12}`, `<msup><mi>x</mi><mn>12</mn></msup>`},
	{`{}_a b`, `<mrow><msub><mrow></mrow><mi>a</mi></msub><mi>b</mi></mrow>`},
	{`f''(x)`, `<mrow><msup><mi>f</mi><mo>′′</mo></msup><mo stretchy="false">(</mo><mi>x</mi><mo stretchy="false">)</mo></mrow>`},
	{`f'^2`, `<msup><mi>f</mi><mrow><mo>′</mo><mn>2</mn></mrow></msup>`},
	{`\frac12`, `<mfrac><mn>1</mn><mn>2</mn></mfrac>`},
	{`\frac{a+b}c`, `<mfrac><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow><mi>c</mi></mfrac>`},
	{`{a \over b}`, `<mfrac><mi>a</mi><mi>b</mi></mfrac>`},
	{`\dfrac1x`, `<mstyle displaystyle="true" scriptlevel="0"><mfrac><mn>1</mn><mi>x</mi></mfrac></mstyle>`},
	{`\binom nk`, `<mrow><mo>(</mo><mfrac linethickness="0"><mi>n</mi><mi>k</mi></mfrac><mo>)</mo></mrow>`},
	{`\sqrt 2`, `<msqrt><mn>2</mn></msqrt>`},
	{`\sqrt[3]{x}`, `<mroot><mi>x</mi><mn>3</mn></mroot>`},
	{`\sum_{i=1}^n i`, `<mrow><munderover><mo>∑</mo><mrow><mi>i</mi><mo>=</mo><mn>1</mn></mrow><mi>n</mi></munderover><mi>i</mi></mrow>`},
	{`\sum\nolimits_i`, `<msub><mo>∑</mo><mi>i</mi></msub>`},
	{`\int_0^\infty`, `<msubsup><mo>∫</mo><mn>0</mn><mi>∞</mi></msubsup>`},
	{`\lim_{x\to0}`, `<munder><mo movablelimits="true" lspace="0" rspace="0.17em">lim</mo><mrow><mi>x</mi><mo>→</mo><mn>0</mn></mrow></munder>`},
	{`\sin^2 x`, `<mrow><msup><mi>sin</mi><mn>2</mn></msup><mspace width="0.17em"></mspace><mi>x</mi></mrow>`},
	{`\sin(x)`, `<mrow><mi>sin</mi><mo stretchy="false">(</mo><mi>x</mi><mo stretchy="false">)</mo></mrow>`},
	{`\operatorname{rank} A`, `<mrow><mi mathvariant="normal">rank</mi><mspace width="0.17em"></mspace><mi>A</mi></mrow>`},
	{`\operatorname*{argmax}_x`, `<munder><mo movablelimits="true" lspace="0" rspace="0.17em">argmax</mo><mi>x</mi></munder>`},
	{`\Gamma\gamma`, `<mrow><mi mathvariant="normal">Γ</mi><mi>γ</mi></mrow>`},
	{`\mathbb{R}^n\mathcal L`, `<mrow><msup><mi>ℝ</mi><mi>n</mi></msup><mi>ℒ</mi></mrow>`},
	{`\mathbf{Ax0}\mathfrak{gC}`, `<mrow><mrow><mi>𝐀</mi><mi>𝐱</mi><mn>𝟎</mn></mrow><mrow><mi>𝔤</mi><mi>ℭ</mi></mrow></mrow>`},
	{`\mathrm{d}x \mathrm{const}`, `<mrow><mi mathvariant="normal">d</mi><mi>x</mi><mi>const</mi></mrow>`},
	{`\bm{\beta}{\bf a}b`, `<mrow><mi>𝜷</mi><mi>𝐚</mi><mi>b</mi></mrow>`},
	{`\left(\frac12\right]`, `<mrow><mo fence="true" stretchy="true" form="prefix">(</mo><mfrac><mn>1</mn><mn>2</mn></mfrac><mo fence="true" stretchy="true" form="postfix">]</mo></mrow>`},
	{`\left.x\right|_0`, `<msub><mrow><mi>x</mi><mo fence="true" stretchy="true" form="postfix">|</mo></mrow><mn>0</mn></msub>`},
	{`\big\{`, `<mo minsize="1.2em" maxsize="1.2em">{</mo>`},
	{`\hat x\vec{v}`, `<mrow><mover accent="true"><mi>x</mi><mo stretchy="false">^</mo></mover><mover accent="true"><mi>v</mi><mo stretchy="false">→</mo></mover></mrow>`},
	{`\overline{ab}`, `<mover><mrow><mi>a</mi><mi>b</mi></mrow><mo stretchy="true">‾</mo></mover>`},
	{`\underbrace{a}_{n}`, `<munder><munder><mi>a</mi><mo stretchy="true">⏟</mo></munder><mi>n</mi></munder>`},
	{`a \xrightarrow[b]{c} d`, `<mrow><mi>a</mi><munderover><mo stretchy="true">→</mo><mi>b</mi><mi>c</mi></munderover><mi>d</mi></mrow>`},
	{`\text{if } x<y`, "<mrow><mtext>if\u00a0</mtext><mi>x</mi><mo>&lt;</mo><mi>y</mi></mrow>"},
	{`\text{<b>&\{}`, `<mtext>&lt;b&gt;&amp;{</mtext>`},
	{`a\,b\quad c`, `<mrow><mi>a</mi><mspace width="0.17em"></mspace><mi>b</mi><mspace width="1em"></mspace><mi>c</mi></mrow>`},
	{`a \not= b`, "<mrow><mi>a</mi><mo>=\u0338</mo><mi>b</mi></mrow>"},
	{`a \pmod n`, `<mrow><mi>a</mi><mspace width="1em"></mspace><mo stretchy="false">(</mo><mi>mod</mi><mspace width="0.33em"></mspace><mi>n</mi><mo stretchy="false">)</mo></mrow>`},
	{"a % comment\n+ b", `<mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow>`},
	{`\color{red}x\textcolor{#0f0}{y}`, `<mstyle mathcolor="red"><mi>x</mi><mstyle mathcolor="#0f0"><mi>y</mi></mstyle></mstyle>`},
	{`\boxed{x}`, `<mrow class="math-box"><mi>x</mi></mrow>`},
	{`\begin{pmatrix}a&b\\c&d\end{pmatrix}`, `<mrow><mo fence="true" stretchy="true" form="prefix">(</mo><mtable><mtr><mtd><mi>a</mi></mtd><mtd><mi>b</mi></mtd></mtr><mtr><mtd><mi>c</mi></mtd><mtd><mi>d</mi></mtd></mtr></mtable><mo fence="true" stretchy="true" form="postfix">)</mo></mrow>`},
	{`\begin{cases}1&x\\0&\end{cases}`, `<mrow><mo fence="true" stretchy="true" form="prefix">{</mo><mtable><mtr><mtd class="math-left"><mn>1</mn></mtd><mtd class="math-left"><mi>x</mi></mtd></mtr><mtr><mtd class="math-left"><mn>0</mn></mtd><mtd class="math-left"><mrow></mrow></mtd></mtr></mtable></mrow>`},
	{`\begin{aligned}a&=b\\[4pt]\end{aligned}`, `<mstyle displaystyle="true"><mtable><mtr><mtd class="math-right"><mi>a</mi></mtd><mtd class="math-left"><mrow><mo>=</mo><mi>b</mi></mrow></mtd></mtr></mtable></mstyle>`},
	{`\begin{array}{l|r}a&b\end{array}`, `<mtable><mtr><mtd class="math-left"><mi>a</mi></mtd><mtd class="math-right"><mi>b</mi></mtd></mtr></mtable>`},
	{`\sum_{\substack{a\\b}}`, `<munder><mo>∑</mo><mtable><mtr><mtd><mi>a</mi></mtd></mtr><mtr><mtd><mi>b</mi></mtd></mtr></mtable></munder>`},
	{`a\\b`, `<mtable><mtr><mtd class="math-right"><mi>a</mi></mtd></mtr><mtr><mtd class="math-right"><mi>b</mi></mtd></mtr></mtable>`},
	{`日本 \% é`, `<mrow><mi>日</mi><mi>本</mi><mi>%</mi><mi>é</mi></mrow>`},
}

func TestFormulasReadAsInLaTeX(t *testing.T) {
	for _, tt := range formulas {
		got, err := tex.MathML(tt.in, false)
		if want := "<math>" + tt.want + "</math>"; got != want || err != nil {
			t.Errorf("%s\ngot  %s, %v\nwant %s", tt.in, got, err, want)
		}
	}
	if got, _ := tex.MathML("x", true); got != `<math display="block"><mi>x</mi></math>` {
		t.Errorf("display: %s", got)
	}
}

// Otherwise a reader would see a wrong or incomplete formula.
func TestWhatIsNotUnderstoodIsRefused(t *testing.T) {
	for in, reason := range map[string]string{
		`\foo{x}`: `\foo`, `{`: "}", `}`: "}", `\frac{a`: "}", `\frac a`: "missing", `x^`: "missing", `x^a^b`: "two superscripts", `a_b_c`: "two subscripts",
		`\left(x`: `\right`, `\right)`: `\right`, `\left x y\right)`: "delimiter", `\begin{pmatrix}a`: `\end`, `\begin{nope}\end{nope}`: "nope",
		`\begin{matrix}a\end{cases}`: `\end`, `\end{matrix}`: `\end`, `\def\a{\a\a}\a`: `\def`, `#1`: "#", `a^^b`: "^", `\sqrt[3`: "]", `\not`: "missing",
		`\color{url(x)}y`: "colour", `\href{javascript:x}{y}`: `\href`, `\text`: "missing", `\text{a`: "}", `\hat`: "missing", `\xfrac12`: `\xfrac`, `\`: `\`,
		"a\x01": "control", "a\xff": "UTF-8",
		strings.Repeat("{", 100) + strings.Repeat("}", 100): "deep", strings.Repeat("a", 10_000): "longer",
		strings.Repeat(`\sqrt`, 1000) + "a": "deep", strings.Repeat(`\begin{matrix}`, 500): "deep", strings.Repeat(`\left(`, 1000): "deep",
	} {
		if got, err := tex.MathML(in, false); err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("%.60s: %.200s, %v", in, got, err)
		}
	}
}

// elements are the elements of MathML Core that a formula can contain.
const elements = " math mrow mi mn mo mtext mspace mfrac msqrt mroot msub msup msubsup munder mover munderover mtable mtr mtd mstyle mphantom "

// FuzzMathML converts any text: it must not panic, use other elements or attributes, produce much
// from little, or leave elements open.
func FuzzMathML(f *testing.F) {
	for _, tt := range formulas {
		f.Add(tt.in)
	}
	for _, in := range []string{`\`, `\\`, `&&`, `\left\right`, `{^}_`, "\\\xff", `\text{}`, `\begin{}`, `\begin{array}`, `'''''`, `\mathrm{`, `\not\not`, `\color`, "<>&\"'", `\frac\frac\frac`} {
		f.Add(in)
	}
	f.Fuzz(func(t *testing.T, formula string) {
		got, err := tex.MathML(formula, true)
		if err != nil {
			return
		}
		if len(got) > 200+300*len(formula) {
			t.Errorf("%d bytes became %d", len(formula), len(got))
		}
		// HTML accepts these characters, XML does not.
		d := xml.NewDecoder(strings.NewReader(strings.NewReplacer("\ufffe", "", "\uffff", "").Replace(got)))
		for {
			token, err := d.Token()
			if err == io.EOF {
				return
			}
			if err != nil {
				t.Fatalf("%q: %v", got, err)
			}
			if e, ok := token.(xml.StartElement); ok && !strings.Contains(elements, " "+e.Name.Local+" ") {
				t.Errorf("element %s", e.Name.Local)
			}
		}
	})
}
