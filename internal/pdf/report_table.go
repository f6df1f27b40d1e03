package pdf

import (
	"fmt"
	"strings"
	"time"
)

// column of a table; width is in points.
type column struct {
	head  string
	width float64
}

// cell is the content of a table cell, from top to bottom.
type cell []cellText

// cellText is text in one style.
type cellText struct {
	st   style
	size float64
	col  color
	text string
}

const cellPad = 4.0

// table writes rows under a head that is repeated on each page. A row that is higher than a page goes on on the next one.
func (s *sheet) table(cols []column, rows [][]cell) error {
	return s.group("Table", func() error { return s.rows(cols, rows) })
}

func (s *sheet) rows(cols []column, rows [][]cell) error {
	if err := s.tableHead(cols, true); err != nil {
		return err
	}
	for _, row := range rows {
		lines := make([]cell, len(cols))
		high := 0.0
		for i, c := range row {
			var err error
			if lines[i], err = s.wrapCell(c, cols[i].width-2*cellPad); err != nil {
				return err
			}
			high = max(high, height(lines[i]))
		}
		page := s.c.h - reportBottom - reportTop - 30
		if s.y+high+2*cellPad > s.c.h-reportBottom && high < page {
			if err := s.breakTable(cols); err != nil {
				return err
			}
		}
		if err := s.tableRow(cols, lines); err != nil {
			return err
		}
	}
	return nil
}

func height(lines cell) (h float64) {
	for _, l := range lines {
		h += l.size * leading
	}
	return h
}

func (s *sheet) wrapCell(c cell, most float64) (cell, error) {
	var out cell
	for _, t := range c {
		if t.text == "" {
			continue
		}
		lines, err := s.c.wrap(t.st, t.size, most, t.text)
		if err != nil {
			return nil, err
		}
		for _, l := range lines {
			t.text = l
			out = append(out, t)
		}
	}
	return out, nil
}

func (s *sheet) breakTable(cols []column) error {
	if err := s.newPage(); err != nil {
		return err
	}
	return s.tableHead(cols, false)
}

// tableHead writes the head of a table; where it is only repeated it is an artifact.
func (s *sheet) tableHead(cols []column, first bool) error {
	if err := s.room(60); err != nil {
		return err
	}
	row := &tag{}
	if first {
		row = s.at.below("TR")
	}
	const high = 16.0
	s.c.rect(reportMargin, s.y, s.width(), high, color{0.93, 0.94, 0.97})
	x := reportMargin
	for _, c := range cols {
		if first {
			s.c.enter(row.below("TH"))
		}
		_, err := s.c.fit(bold, 7.5, x+cellPad, s.y+11, c.width-2*cellPad, ink, c.head)
		s.c.leave()
		if err != nil {
			return err
		}
		x += c.width
	}
	s.y += high
	return nil
}

// tableRow writes a row, on as many pages as it takes.
func (s *sheet) tableRow(cols []column, lines []cell) error {
	row := s.at.below("TR")
	cells := make([]*tag, len(lines))
	for i := range lines {
		cells[i] = row.below("TD")
		var whole []string
		for _, l := range lines[i] {
			whole = append(whole, l.text)
		}
		says(strings.Join(whole, " "))(cells[i])
	}
	for {
		rest, foot := false, s.y
		x := reportMargin
		for i := range lines {
			y := s.y + cellPad
			for len(lines[i]) > 0 {
				l := lines[i][0]
				if y+l.size*leading > s.c.h-reportBottom {
					rest = true
					break
				}
				s.c.enter(cells[i])
				err := s.c.text(l.st, l.size, x+cellPad, y+l.size, l.col, l.text)
				s.c.leave()
				if err != nil {
					return err
				}
				y += l.size * leading
				lines[i] = lines[i][1:]
			}
			foot = max(foot, y)
			x += cols[i].width
		}
		s.y = foot + cellPad - 1
		s.c.line(reportMargin, s.y, s.c.w-reportMargin, s.y, 0.4, pale)
		if !rest {
			return nil
		}
		if err := s.breakTable(cols); err != nil {
			return err
		}
	}
}

func (s *sheet) signers() error {
	if len(s.Signers) == 0 {
		return nil
	}
	if err := s.heading("Signers"); err != nil {
		return err
	}
	cols := []column{{"Signer", 160}, {"Authentication and consent", 184}, {"Times (UTC)", s.width() - 344}}
	var rows [][]cell
	for _, g := range s.Signers {
		times := cell{}
		for _, t := range []struct {
			name string
			at   time.Time
		}{{"Notified", g.Notified}, {"Viewed", g.Viewed}, {"Consented", g.Consented}, {"Signed", g.Signed}, {"Declined", g.Declined}} {
			if !t.at.IsZero() {
				times = append(times, cellText{regular, tableSize, ink, t.name + "  " + t.at.UTC().Format("2006-01-02 15:04:05")})
			}
		}
		rows = append(rows, []cell{
			{{bold, bodySize, ink, g.Name}, {regular, tableSize, gray, g.Role}, {regular, tableSize, ink, g.Email}},
			{{regular, tableSize, ink, g.Authentication}, {regular, tableSize, ink, g.Consent}, {regular, 7, gray, g.Address}},
			times,
		})
	}
	return s.table(cols, rows)
}

func (s *sheet) events() error {
	if len(s.Events) == 0 {
		return nil
	}
	if err := s.heading("Events"); err != nil {
		return err
	}
	cols := []column{{"No.", 30}, {"Time (UTC)", 100}, {"Event", 122}, {"By", 84}, {"Detail", s.width() - 336}}
	var rows [][]cell
	for _, e := range s.Events {
		seq := ""
		if e.Seq > 0 {
			seq = fmt.Sprint(e.Seq)
		}
		rows = append(rows, []cell{
			{{regular, tableSize, gray, seq}},
			{{regular, tableSize, ink, e.At.UTC().Format("2006-01-02 15:04:05")}},
			{{regular, tableSize, ink, e.Type}},
			{{regular, tableSize, ink, e.Actor}},
			{{regular, tableSize, ink, e.Detail}, {mono, 6, gray, e.Hash}},
		})
	}
	return s.table(cols, rows)
}
