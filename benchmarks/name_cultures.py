"""How often people of many cultures, and people with remarks behind their name, are read as firms.

    .venv/bin/python benchmarks/name_cultures.py [--show]

Names are put together from lists nobody tuned on: mimesis' for Spanish, Portuguese, German, French,
Polish and English people, and short lists of usual Vietnamese, Indian, Chinese, Arabic and Yoruba
names written down here. 1,000 names each, seeded. Prints the share read as firms, beside a floor
(probablepeople's own verdict, "Corporation").
"""

from __future__ import annotations

import argparse
import random
import warnings
from collections.abc import Callable

from mimesis import Person
from mimesis.locales import Locale

from flitstack_pipeline.cleaning.values.names import split_name

COUNT = 1_000
WORDS = {
    "Vietnamese": (
        "Nguyen Tran Le Pham Huynh Hoang Phan Vu Vo Dang Bui Do Ho Ngo Duong Ly Truong Dinh",
        "Van Thi Minh Duc Ngoc Thanh Quoc Bao Kim Hong Xuan Huu",
        "An Anh Binh Chau Dung Giang Hai Hanh Hieu Hoa Hung Khanh Lan Linh Long Mai My Nam Nga "
        "Nhung Phuc Phuong Quan Quang Son Tam Thao Thu Thuy Tien Trang Trinh Tuan Tung Vinh Yen",
    ),
    "Indian": (
        "Aarav Aditi Amit Anjali Arjun Deepak Divya Gaurav Harish Kavita Lakshmi Meera Nikhil "
        "Pooja Priya Rahul Rajesh Ravi Rohit Sandeep Sanjay Shreya Sneha Suresh Swati Vijay Vikram",
        "Kumar Devi Lal Prasad Chandra Bhai Nath Singh Rani Mohan",
        "Sharma Patel Singh Gupta Reddy Iyer Nair Menon Rao Joshi Mehta Desai Chatterjee Banerjee "
        "Mukherjee Pillai Agarwal Bhat Kapoor Khanna Malhotra Naidu Shah Trivedi Verma Yadav",
    ),
    "Chinese": (
        "Wang Li Zhang Liu Chen Yang Huang Zhao Wu Zhou Xu Sun Ma Zhu Hu Guo He Lin Gao Luo",
        "",
        "Wei Fang Na Xiuying Min Jing Qiang Lei Jun Yan Juan Ping Gang Hong Xin Yu Hao Ming Jie",
    ),
    "Arabic": (
        "Ahmed Mohammed Ali Omar Khalid Fatima Aisha Hassan Hussein Ibrahim Layla Mariam Samir",
        "bin ibn al abu",
        "Haddad Mansour Nasser Saleh Khoury Farouk Qureshi Rahman Aziz Habib Jaber Kassem Shamsi",
    ),
    "Yoruba": (
        "Adebayo Adeola Ayodele Babatunde Folake Ifeoluwa Kehinde Olufemi Oluwaseun Taiwo Temitope",
        "Ade Ola Olu Ayo",
        "Adeyemi Afolabi Akintola Balogun Falana Ogunleye Okonkwo Oyelaran Sowande Soyinka Adesina",
    ),
}


def of_lists(culture: str, dice: random.Random) -> str:
    """Two or three words of a culture's lists."""
    first, middle, last = (part.split() for part in WORDS[culture])
    between = [dice.choice(middle)] if middle and dice.random() < 0.6 else []
    return " ".join([dice.choice(first), *between, dice.choice(last)])


def of_locale(locale: Locale, given: int, surnames: int) -> Callable[[random.Random], str]:
    """A maker of names with so many given names and surnames of a locale."""
    person = Person(locale, seed=7)

    def make(_: random.Random) -> str:
        names = [person.first_name() for _ in range(given)]
        return " ".join([*names, *(person.last_name() for _ in range(surnames))])

    return make


def remarked(pattern: str) -> Callable[[random.Random], str]:
    """A maker of English names with a remark behind them."""
    plain = of_locale(Locale.EN, 1, 1)
    remarks = ("Rental", "Upstairs", "Tenant", "Owner", "Warranty", "Repeat", "VIP", "Kitchen")
    return lambda dice: pattern.format(name=plain(dice), remark=dice.choice(remarks))


MAKERS: dict[str, Callable[[random.Random], str]] = {
    "English, two words (control)": of_locale(Locale.EN, 1, 1),
    "English, three words": of_locale(Locale.EN, 2, 1),
    "Spanish, three words": of_locale(Locale.ES, 1, 2),
    "Spanish, four words": of_locale(Locale.ES, 2, 2),
    "Mexican, three words": of_locale(Locale.ES_MX, 1, 2),
    "Portuguese, three words": of_locale(Locale.PT_BR, 1, 2),
    "Portuguese, four words": of_locale(Locale.PT, 2, 2),
    "French, three words": of_locale(Locale.FR, 2, 1),
    "German, two words": of_locale(Locale.DE, 1, 1),
    "Polish, two words": of_locale(Locale.PL, 1, 1),
    **{c: lambda dice, c=c: of_lists(c, dice) for c in WORDS},
    "Name - Rental": remarked("{name} - {remark}"),
    "Name (word)": remarked("{name} ({remark})"),
    "Given & Given Surname": lambda dice: (
        f"{Person(Locale.EN, seed=dice.random()).first_name()} & "
        f"{Person(Locale.EN, seed=dice.random()).full_name()}"
    ),
}


def corporation(name: str) -> bool:
    """The floor: what probablepeople says."""
    import probablepeople

    try:
        return bool(probablepeople.tag(name)[1] == "Corporation")
    except probablepeople.RepeatedLabelError:
        return False


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--show", action="store_true")
    show = options.parse_args().show
    warnings.simplefilter("ignore")
    print(f"{'read as firms':<34}{'product':>9}{'floor':>9}")
    for culture, make in MAKERS.items():
        dice = random.Random(11)
        names = [make(dice) for _ in range(COUNT)]
        wrong = [n for n in names if (found := split_name(n)) and found.looks_like_business]
        floor = sum(corporation(n) for n in names)
        print(f"{culture:<34}{len(wrong) / COUNT:>9.1%}{floor / COUNT:>9.1%}")
        for name in wrong[:12] if show else ():
            found = split_name(name)
            print(f"    {name!r}: {found.evidence if found else ''}")


if __name__ == "__main__":
    main()
