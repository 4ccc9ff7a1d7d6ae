package vault

import (
	"math/rand/v2"
	"strings"
	"unicode"
	"unicode/utf8"
)

// script is a writing system: its words, the separator, and the end of a sentence.
type script struct {
	words       []string
	space, stop string
}

const (
	latin = iota
	cyrillic
	cjk
	arabic
)

var scripts = [...]script{
	latin: {strings.Fields(`the a of to and in is that for it with as on be at by this have from or one had not but
		what all were when we there can an your which their said if do will each about how up out them then she many some
		so these would other into has more her two like him see time could no make than first been its who now people my
		made over did down only way find use may water long little very after words called just where most know garden
		river harbour engine letter window meeting recipe journey winter summer mountain library project budget reading
		measure replica leader folder note café naïve façade über straße año niño smörgåsbord žena łódka`), " ", ". "},
	cyrillic: {strings.Fields(`и в не на я быть он с что а по это она этот к но они мы весь который из у то за свой
		весна год от так о для ты же все тот мочь вы человек такой его сказать или время рука дом заметка книга город река
		дорога письмо окно встреча рецепт зима лето гора библиотека работа чтение мера сад ещё подъезд їжак`), " ", ". "},
	cjk: {strings.Fields(`的 一 是 不 了 人 我 在 有 他 这 中 大 来 上 国 和 地 到 说 时 要 就 出 会 可 也 你 对 生 能 而 子 那 得 于 着 下 自 之
		笔记 图书馆 花园 河流 城市 会议 冬天 夏天 山 阅读 日本語 ノート 読む 書く 東京 さくら`), "", "。"},
	arabic: {strings.Fields(`في من على إلى عن هذا التي الذي كان هو هي مع كل بعد قبل بين حتى يوم سنة بيت كتاب مدينة نهر
		طريق رسالة نافذة اجتماع وصفة شتاء صيف جبل مكتبة عمل قراءة ملاحظة حديقة`), " ", ". "},
}

var emoji = []string{"📌", "🌱", "🚀", "🗺️", "☕", "🏳️‍🌈", "👩‍🍳", "📚"}

var tags = []string{"daily", "project", "reading", "recipe", "idea", "area/home", "area/work", "дом", "読書", "2024"}

func (s script) word(r *rand.Rand) string { return s.words[r.IntN(len(s.words))] }

func capitalized(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(first)) + s[size:]
}
