//! The table as a picture: how near each figure is to its goal, on one scale for all of them.

use super::error::BenchError;
use super::row::Row;
use super::run::Report;
use super::spread::Spread;
use plotters::coord::ranged1d::SegmentValue;
use plotters::prelude::{
    ChartBuilder, Circle, IntoDrawingArea as _, IntoLogRange as _, IntoSegmentedCoord as _, PathElement, RGBColor,
    Rectangle, SVGBackend, Text,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{BLACK, Color as _, TextStyle, WHITE};
use std::fmt::Display;

/// In pixels.
const WIDTH: u32 = 1100;
const ROW_HEIGHT: u32 = 30;
const LABELS: u32 = 320;
const AROUND: u32 = 110;

const MET: RGBColor = RGBColor(0x1b, 0x6c, 0xa8);
const MISSED: RGBColor = RGBColor(0xd9, 0x5f, 0x02);

/// A row that has a figure and a goal.
struct Bar<'a> {
    row: &'a Row,
    attained: Spread,
}

/// A bar for each row that has a goal. It ends where the one in the middle is, and right of the line at 1 the goal is met; the thin line
/// goes from the least to the most.
///
/// # Errors
/// [`BenchError::Plot`].
pub fn svg(report: &Report) -> Result<String, BenchError> {
    let bar = |row| Some(Bar { row, attained: row.attained()? });
    // The first one at the top.
    let bars: Vec<_> = report.rows.iter().rev().filter_map(bar).collect();
    let mut text = String::new();
    draw(&mut text, &caption(report), &bars).map_err(BenchError::Plot)?;
    Ok(text)
}

fn caption(report: &Report) -> String {
    let Report { version, system, cores, engine, pairs, seconds, .. } = report;
    format!(
        "hookvault {version}, {engine}, {system}, {cores} core(s), {pairs} pair(s) of {seconds} s: how much of each goal is reached"
    )
}

fn draw(text: &mut String, caption: &str, bars: &[Bar<'_>]) -> Result<(), String> {
    let count = u32::try_from(bars.len()).map_err(failed)?;
    let area = SVGBackend::with_string(text, (WIDTH, count * ROW_HEIGHT + AROUND)).into_drawing_area();
    area.fill(&WHITE).map_err(failed)?;
    let least = bars.iter().fold(0.1, |least: f64, bar| least.min(bar.attained.least)) / 2.0;
    let most = bars.iter().fold(2.0, |most: f64, bar| most.max(bar.attained.most)) * 4.0;
    let mut chart = ChartBuilder::on(&area)
        .caption(caption, ("sans-serif", 18))
        .margin(15)
        .x_label_area_size(30)
        .y_label_area_size(LABELS)
        .build_cartesian_2d((least..most).log_scale(), (0..count.saturating_sub(1)).into_segmented())
        .map_err(failed)?;
    let label = |place: &SegmentValue<u32>| {
        let bar = match place {
            SegmentValue::CenterOf(index) | SegmentValue::Exact(index) => bars.get(*index as usize),
            SegmentValue::Last => None,
        };
        bar.map_or_else(String::new, |bar| bar.row.spec.what.to_owned())
    };
    chart
        .configure_mesh()
        .disable_y_mesh()
        .y_labels(bars.len())
        .y_label_formatter(&label)
        .x_label_formatter(&|value| format!("{value}"))
        .label_style(("sans-serif", 14))
        .draw()
        .map_err(failed)?;
    let style = TextStyle::from(("sans-serif", 13)).pos(Pos::new(HPos::Left, VPos::Center));
    let goal = PathElement::new([(1.0, SegmentValue::Exact(0)), (1.0, SegmentValue::Last)], BLACK.stroke_width(2));
    chart.draw_series([goal]).map_err(failed)?;
    for (index, Bar { row, attained: Spread { median, least: from, most: to } }) in (0..).zip(bars) {
        let colour = if row.met == Some(true) { MET } else { MISSED };
        let (bottom, top, middle) =
            (SegmentValue::Exact(index), SegmentValue::Exact(index + 1), SegmentValue::CenterOf(index));
        let mut bar = Rectangle::new([(least, bottom), (*median, top)], colour.mix(0.6).filled());
        bar.set_margin(6, 6, 0, 0);
        chart.draw_series([bar]).map_err(failed)?;
        let spread = PathElement::new([(*from, middle.clone()), (*to, middle.clone())], BLACK.stroke_width(1));
        chart.draw_series([spread]).map_err(failed)?;
        chart.draw_series([Circle::new((*median, middle.clone()), 2, BLACK.filled())]).map_err(failed)?;
        let figure = Text::new(figure(row), (to * 1.08, middle), style.clone());
        chart.draw_series([figure]).map_err(failed)?;
    }
    area.present().map_err(failed)
}

/// What was measured, and how that is to the ceiling.
fn figure(row: &Row) -> String {
    let measured = row.measured.map_or_else(String::new, |measured| row.spec.unit.show(measured.median));
    match row.ratio {
        Some(ratio) => format!("{measured}, {:.2} ×", ratio.median),
        None => measured,
    }
}

fn failed(error: impl Display) -> String {
    error.to_string()
}
