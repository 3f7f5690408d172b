"""What a document says by itself, in the languages that it can be printed in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "order_confirmation": "Order confirmation", "quote": "Quote", "invoice": "Invoice",
        "credit_note": "Credit note", "delivery_note": "Delivery note",
        "date": "Date", "order": "Order", "quote_number": "Quote", "version": "Version", "invoice_number": "Invoice",
        "customer_number": "Customer number", "po_number": "Your reference", "requested_on": "Requested for",
        "promised_on": "Promised for", "valid_until": "Valid until", "due_on": "Due on", "terms": "Payment terms",
        "delivery_terms": "Delivery terms", "shipment": "Shipment", "carrier": "Carrier", "tracking": "Tracking",
        "contact": "Contact", "bill_to": "Invoice to", "ship_to": "Deliver to", "tax_id": "Tax id",
        "line": "No.", "description": "Description", "quantity": "Quantity", "price": "Price", "amount": "Amount",
        "delivery_on": "Delivery", "month": "month", "quarter": "quarter", "year": "year", "per": "per {period}",
        "subtotal": "Subtotal", "one_time": "Total, paid once", "recurring": "Total per {period}",
        "net": "Net", "tax": "Tax", "gross": "Total", "paid": "Paid", "open": "To pay",
        "tax_line": "{name} {percent} on {net}",
        "tax_exempt": "{name}: exempt, on {net}",
        "tax_reverse_charge": "{name}: reverse charge, the customer owes it on {net}",
        "before_tax": "All amounts are before tax.",
        "optional": "Optional", "alternative": "Alternative", "apart": "not in the total",
        "page": "Page {page} of {pages}", "continued": "continued", "notes": "Notes", "conditions": "Terms",
        "received": "Received in good order", "accepted": "Accepted", "place_and_day": "Place, date",
        "signature": "Name, signature", "piece": "pc", "hour": "h", "set": "set", "metre": "m",
    },
    "de": {
        "order_confirmation": "Auftragsbestätigung", "quote": "Angebot", "invoice": "Rechnung",
        "credit_note": "Gutschrift", "delivery_note": "Lieferschein",
        "date": "Datum", "order": "Auftrag", "quote_number": "Angebot", "version": "Version",
        "invoice_number": "Rechnung", "customer_number": "Kundennummer", "po_number": "Ihr Zeichen",
        "requested_on": "Gewünscht zum", "promised_on": "Zugesagt zum", "valid_until": "Gültig bis",
        "due_on": "Fällig am", "terms": "Zahlungsbedingungen", "delivery_terms": "Lieferbedingungen",
        "shipment": "Lieferung", "carrier": "Spediteur", "tracking": "Sendungsnummer", "contact": "Ansprechpartner",
        "bill_to": "Rechnung an", "ship_to": "Lieferung an", "tax_id": "USt-IdNr.",
        "line": "Pos.", "description": "Bezeichnung", "quantity": "Menge", "price": "Preis", "amount": "Betrag",
        "delivery_on": "Lieferung", "month": "Monat", "quarter": "Quartal", "year": "Jahr", "per": "je {period}",
        "subtotal": "Zwischensumme", "one_time": "Summe, einmalig", "recurring": "Summe je {period}",
        "net": "Netto", "tax": "Steuer", "gross": "Gesamtbetrag", "paid": "Bezahlt", "open": "Zu zahlen",
        "tax_line": "{name} {percent} auf {net}",
        "tax_exempt": "{name}: steuerfrei, auf {net}",
        "tax_reverse_charge": "{name}: Steuerschuldnerschaft des Leistungsempfängers, auf {net}",
        "before_tax": "Alle Beträge ohne Steuer.",
        "optional": "Optional", "alternative": "Alternative", "apart": "nicht in der Summe",
        "page": "Seite {page} von {pages}", "continued": "Fortsetzung", "notes": "Hinweise",
        "conditions": "Bedingungen", "received": "Ordnungsgemäß erhalten", "accepted": "Angenommen",
        "place_and_day": "Ort, Datum", "signature": "Name, Unterschrift",
        "piece": "Stück", "hour": "Std.", "set": "Satz", "metre": "m",
    },
    "fr": {
        "order_confirmation": "Confirmation de commande", "quote": "Devis", "invoice": "Facture",
        "credit_note": "Avoir", "delivery_note": "Bon de livraison",
        "date": "Date", "order": "Commande", "quote_number": "Devis", "version": "Version",
        "invoice_number": "Facture", "customer_number": "Numéro de client", "po_number": "Votre référence",
        "requested_on": "Souhaité pour le", "promised_on": "Promis pour le", "valid_until": "Valable jusqu’au",
        "due_on": "Échéance", "terms": "Conditions de paiement", "delivery_terms": "Conditions de livraison",
        "shipment": "Expédition", "carrier": "Transporteur", "tracking": "Numéro de suivi", "contact": "Contact",
        "bill_to": "Facturé à", "ship_to": "Livré à", "tax_id": "N° TVA",
        "line": "N°", "description": "Désignation", "quantity": "Quantité", "price": "Prix", "amount": "Montant",
        "delivery_on": "Livraison", "month": "mois", "quarter": "trimestre", "year": "an", "per": "par {period}",
        "subtotal": "Sous-total", "one_time": "Total, payé une fois", "recurring": "Total par {period}",
        "net": "Net", "tax": "Taxe", "gross": "Total", "paid": "Payé", "open": "À payer",
        "tax_line": "{name} {percent} sur {net}",
        "tax_exempt": "{name} : exonéré, sur {net}",
        "tax_reverse_charge": "{name} : autoliquidation par le preneur, sur {net}",
        "before_tax": "Tous les montants sont hors taxes.",
        "optional": "En option", "alternative": "Variante", "apart": "hors total",
        "page": "Page {page} sur {pages}", "continued": "suite", "notes": "Remarques", "conditions": "Conditions",
        "received": "Reçu en bon état", "accepted": "Bon pour accord", "place_and_day": "Lieu, date",
        "signature": "Nom, signature", "piece": "pce", "hour": "h", "set": "jeu", "metre": "m",
    },
    "ja": {
        "order_confirmation": "注文確認書", "quote": "見積書", "invoice": "請求書",
        "credit_note": "クレジットノート", "delivery_note": "納品書",
        "date": "日付", "order": "注文番号", "quote_number": "見積番号", "version": "版",
        "invoice_number": "請求書番号", "customer_number": "お客様番号", "po_number": "貴社発注番号",
        "requested_on": "ご希望納期", "promised_on": "納期", "valid_until": "有効期限", "due_on": "お支払期限",
        "terms": "支払条件", "delivery_terms": "納入条件", "shipment": "出荷番号", "carrier": "運送会社",
        "tracking": "追跡番号", "contact": "担当者", "bill_to": "請求先", "ship_to": "納入先", "tax_id": "登録番号",
        "line": "番号", "description": "品名", "quantity": "数量", "price": "単価", "amount": "金額",
        "delivery_on": "納期", "month": "月", "quarter": "四半期", "year": "年", "per": "／{period}",
        "subtotal": "小計", "one_time": "合計（一括）", "recurring": "合計（毎{period}）",
        "net": "税抜金額", "tax": "税額", "gross": "合計金額", "paid": "入金済み", "open": "お支払金額",
        "tax_line": "{name} {percent}（対象 {net}）",
        "tax_exempt": "{name}：非課税（対象 {net}）",
        "tax_reverse_charge": "{name}：リバースチャージ（対象 {net}）",
        "before_tax": "金額はすべて税抜です。",
        "optional": "オプション", "alternative": "代替案", "apart": "合計に含まず",
        "page": "{page} / {pages} ページ", "continued": "続き", "notes": "備考", "conditions": "取引条件",
        "received": "上記の品を受領しました", "accepted": "承諾", "place_and_day": "場所・日付",
        "signature": "氏名・署名", "piece": "個", "hour": "時間", "set": "セット", "metre": "m",
    },
    "ar": {
        "order_confirmation": "تأكيد الطلب", "quote": "عرض سعر", "invoice": "فاتورة",
        "credit_note": "إشعار دائن", "delivery_note": "سند تسليم",
        "date": "التاريخ", "order": "الطلب", "quote_number": "عرض السعر", "version": "الإصدار",
        "invoice_number": "الفاتورة", "customer_number": "رقم العميل", "po_number": "مرجعكم",
        "requested_on": "مطلوب في", "promised_on": "موعود في", "valid_until": "صالح حتى", "due_on": "تاريخ الاستحقاق",
        "terms": "شروط الدفع", "delivery_terms": "شروط التسليم", "shipment": "الشحنة", "carrier": "شركة الشحن",
        "tracking": "رقم التتبع", "contact": "جهة الاتصال", "bill_to": "الفاتورة إلى", "ship_to": "التسليم إلى",
        "tax_id": "الرقم الضريبي", "line": "رقم", "description": "الوصف", "quantity": "الكمية", "price": "السعر",
        "amount": "المبلغ", "delivery_on": "التسليم", "month": "شهر", "quarter": "ربع سنة", "year": "سنة",
        "per": "لكل {period}", "subtotal": "المجموع الفرعي", "one_time": "الإجمالي، دفعة واحدة",
        "recurring": "الإجمالي لكل {period}", "net": "الصافي", "tax": "الضريبة", "gross": "الإجمالي",
        "paid": "المدفوع", "open": "المستحق", "tax_line": "{name} {percent} على {net}",
        "tax_exempt": "{name}: معفاة، على {net}",
        "tax_reverse_charge": "{name}: احتساب عكسي على العميل، على {net}",
        "before_tax": "جميع المبالغ قبل الضريبة.", "optional": "اختياري",
        "alternative": "بديل", "apart": "غير مشمول في الإجمالي", "page": "صفحة {page} من {pages}", "continued": "تابع",
        "notes": "ملاحظات", "conditions": "الشروط", "received": "تم الاستلام بحالة جيدة", "accepted": "موافق عليه",
        "place_and_day": "المكان، التاريخ", "signature": "الاسم، التوقيع",
        "piece": "قطعة", "hour": "ساعة", "set": "طقم", "metre": "م",
    },
}  # fmt: skip
"""By language; every language has the same keys, as a test says. Units are keys too."""

NAMES: Final = {"en": "English", "de": "Deutsch", "fr": "Français", "ja": "日本語", "ar": "العربية"}
"""The languages by the names that their readers give them."""

UNITS: Final = frozenset({"piece", "hour", "set", "metre"})


def language_of(tag: str) -> str | None:
    """The language of ours that a tag such as `de-CH` asks for, or None where there are no words in it."""
    primary = tag.replace("_", "-").split("-")[0].lower()
    return primary if primary in WORDS else None
